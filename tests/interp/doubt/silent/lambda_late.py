import torch
from torch import nn

def run(n):
    w = torch.rand(4, requires_grad=True)
    y = w.exp()
    f = lambda: y.mul_(2)
    y = torch.zeros(4)
    f()
    w.exp().sum().backward()
run(1)
