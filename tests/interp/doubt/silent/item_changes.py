import torch
from torch import nn

def run(d):
    w = torch.rand(4, requires_grad=True)
    if d["n"] == 0: y = w * 2
    else: y = w.exp()
    d["n"] += 1
    if d["n"] == 1: y.mul_(2)
    y.sum().backward()
run({"n": 0}); run({"n": 1})
