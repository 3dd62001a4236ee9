import torch
from torch import nn


def run(n):
    l = nn.Linear(4, 3)
    o = torch.optim.Adam(l.parameters())
    for i in range(n):
        loss = l(torch.rand(2, 4)).pow(2).sum()
        o.zero_grad()
        loss.backward()
        o.step()


run(3)
