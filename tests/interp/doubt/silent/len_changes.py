import torch
from torch import nn

def run(xs):
    w = torch.rand(4, requires_grad=True)
    if len(xs) == 0: y = w * 2
    else: y = w.exp()
    xs.append(1)
    if len(xs) == 1: y.mul_(2)
    y.sum().backward()
run([]); run([1])
