import torch
from torch import nn


def run(m):
    l = nn.Linear(4, 4)
    x = torch.rand(2, 4)
    h = l(x)
    h += x
    h = h.relu_()
    l2 = nn.Linear(4, 4)
    l2(h).sum().backward()


run(1)
