import torch
from torch import nn

def run(n):
    x = torch.rand(4, 4)
    m = torch.zeros_like(x)
    w = torch.rand(4, requires_grad=True)
    y = (w * x) * m
    m.fill_(1)
    y.sum().backward()
run(3)
