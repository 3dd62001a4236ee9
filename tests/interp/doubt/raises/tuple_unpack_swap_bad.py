import torch
from torch import nn

def run(n):
    w = torch.rand(4, requires_grad=True)
    a, b = w.exp(), torch.zeros(4)
    a, b = b, a
    b.mul_(2)
    b.sum().backward()
run(1)
