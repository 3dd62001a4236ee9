import torch
from torch import nn


def run(m):
    l = nn.Linear(4, 4)
    for p in l.parameters():
        p.requires_grad_(False)
    x = torch.rand(2, 4)
    h = l(x).exp()
    h.mul_(2)
    w = torch.rand(4, requires_grad=True)
    (h * w).sum().backward()


run(1)
