import torch
from torch import nn


def run(n):
    d = nn.Linear(4, 1)
    x = torch.rand(2, 4)
    l = d(x).mean()
    l.backward()
    for p in d.parameters():
        p.data.clamp_(-0.01, 0.01)
    d(x).mean().backward()


run(1)
