import torch
from torch import nn

def run(a):
    w = torch.rand(4, requires_grad=True)
    a += w
    a.sum().backward()
run(torch.zeros(4))
