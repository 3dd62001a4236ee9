import torch
from torch import nn

def run(n):
    w = torch.rand(4, requires_grad=True)
    y = w.sum()
    for i in range(n):
        y.backward()
run(3)
