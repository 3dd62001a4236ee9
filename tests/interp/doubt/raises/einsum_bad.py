import torch
from torch import nn

def run(n):
    a, b = torch.rand(2, 3, requires_grad=True) * 1, torch.rand(3, 4, requires_grad=True)
    y = torch.einsum("ij,jk->ik", a, b)
    a += 1
    y.sum().backward()
run(3)
