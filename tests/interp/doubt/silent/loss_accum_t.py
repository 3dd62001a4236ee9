import torch
from torch import nn


def run(n):
    l = nn.Linear(4, 3)
    total = torch.zeros(())
    for i in range(n):
        total += l(torch.rand(2, 4)).pow(2).sum()
    total.backward()


run(3)
