import torch
from torch import nn


def run(m):
    l = nn.Linear(4, 4).requires_grad_(False)
    h = l(torch.rand(2, 4)).sigmoid()
    h += 1
    (h * torch.rand(4, requires_grad=True)).sum().backward()


run(1)
