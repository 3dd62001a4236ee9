import torch
from torch import nn

def run(n):
    w = torch.rand(4, requires_grad=True)
    ys = [w.exp() for _ in range(2)] + [torch.zeros(4)]
    fs = []
    for y in ys:
        fs.append(lambda: y.mul_(2))
    fs[0]()
    sum(t.sum() for t in ys[:2]).backward()
run(1)
