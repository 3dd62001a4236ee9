import torch
from torch import nn

def run(n):
    x = torch.rand(4, 4)
    m = torch.zeros_like(x)
    m[:, 0] = 1
    w = torch.rand(4, requires_grad=True)
    y = (w * x).masked_fill(m.bool(), 0)
    m.zero_()
    y.sum().backward()
run(3)
