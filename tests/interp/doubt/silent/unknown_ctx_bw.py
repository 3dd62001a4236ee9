import torch
from torch import nn

def run(tool):
    w = torch.rand(4, requires_grad=True)
    with tool.quiet():
        y = w.exp()
        y.mul_(2)
    if y.requires_grad:
        y = y.detach().requires_grad_()
    else:
        y.requires_grad_()
    y.sum().backward()
class T:
    def quiet(self): return torch.no_grad()
run(T())
