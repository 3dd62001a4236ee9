import torch
from torch import nn

def run(n):
    w = torch.rand(4, requires_grad=True)
    xs = [w.exp()]
    ys = list(xs)
    ys[0] += 1
    xs[0].sum().backward()
run(1)
