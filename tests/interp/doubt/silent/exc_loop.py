import torch
from torch import nn

def run(n):
    w = torch.rand(4, requires_grad=True)
    for i in range(n):
        try:
            y = w.exp()
            if i == 1: raise ValueError
            y.sum().backward()
        except ValueError:
            y.mul_(2)
run(3)
