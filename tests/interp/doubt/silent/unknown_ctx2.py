import torch
from torch import nn

def run(tool):
    w = torch.rand(4, requires_grad=True)
    with tool.quiet():
        y = w.exp()
        y.mul_(2)
    y.sum()
class T:
    def quiet(self): return torch.no_grad()
run(T())
