import torch
from torch import nn

def run(n):
    w = torch.rand(4, requires_grad=True)
    i = 0
    while True:
        y = w.exp()
        i += 1
        if i > n: break
        y.sum().backward()
    y.mul_(2)
run(2)
