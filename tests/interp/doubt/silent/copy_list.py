import torch
from torch import nn

def run(n):
    w = torch.rand(4, requires_grad=True)
    xs = [w.exp()]
    ys = list(xs)
    ys[0] = ys[0] + 1
    ys[0].mul_(2)
    xs[0].sum().backward()
run(1)
