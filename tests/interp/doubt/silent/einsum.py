import torch
from torch import nn

def run(n):
    a, b = torch.rand(2, 3, requires_grad=True), torch.rand(3, 4, requires_grad=True)
    y = torch.einsum("ij,jk->ik", a, b)
    y += 1
    y.sum().backward()
run(3)
