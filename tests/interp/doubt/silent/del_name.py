import torch
from torch import nn

def run(n):
    w = torch.rand(4, requires_grad=True)
    y = w.exp()
    z = y.detach().clone()
    del y
    y = z
    y.mul_(2)
    w.exp().sum().backward()
run(1)
