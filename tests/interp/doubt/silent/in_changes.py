import torch
from torch import nn

def run(d):
    w = torch.rand(4, requires_grad=True)
    if "a" in d: y = w * 2
    else: y = w.exp()
    d.pop("a", None)
    if "a" not in d: y = y.clone()
    y.mul_(2)
    y.sum().backward()
run({}); run({"a": 1})
