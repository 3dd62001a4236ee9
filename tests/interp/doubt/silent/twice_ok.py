import torch
from torch import nn

def run(n):
    w = torch.rand(4, requires_grad=True)
    for i in range(n):
        y = (w * w).sum()
        y.backward()
run(3)
