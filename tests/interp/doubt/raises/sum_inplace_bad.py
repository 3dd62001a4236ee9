import torch
from torch import nn

def run(n):
    w = torch.rand(4, requires_grad=True)
    ys = [w.exp() for i in range(n)]
    t = ys[0]
    for y in ys[1:]:
        t += y
    t.sum().backward()
run(3)
