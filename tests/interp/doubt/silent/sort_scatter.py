import torch
from torch import nn

def run(n):
    w = torch.rand(4, requires_grad=True)
    v, i = (w * 2).sort()
    c = v.cumsum(0)
    c[1:] -= 1
    c.sum().backward()
run(3)
