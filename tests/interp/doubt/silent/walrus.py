import torch
from torch import nn

def run(n):
    w = torch.rand(4, requires_grad=True)
    if (y := w * 2).sum() > 0:
        y.mul_(2)
    y.sum().backward()
run(1)
