import torch
from torch import nn


def run(m):
    l, l2 = nn.Linear(4, 4), nn.Linear(4, 4)
    x = l(torch.rand(2, 4))
    h = l2(x)
    h += x
    h.sum().backward()


run(1)
