import torch
from torch import nn

def run(store):
    w = torch.rand(4, requires_grad=True)
    y = w.exp()
    store["y"] = y
    store["y"].mul_(2)
    y.sum().backward()
class D(dict):
    def __setitem__(self, k, v): super().__setitem__(k, v.detach().clone())
run(D())
