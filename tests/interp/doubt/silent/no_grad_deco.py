import torch
from torch import nn

@torch.no_grad()
def init(w):
    w.mul_(2)
def run(n):
    w = torch.rand(4, requires_grad=True)
    init(w)
    (w * w).sum().backward()
run(1)
