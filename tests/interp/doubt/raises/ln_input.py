import torch
from torch import nn

def run(n):
    ln = nn.LayerNorm(4)
    x = nn.Linear(4, 4)(torch.rand(2, 4))
    y = ln(x)
    x += 1
    y.sum().backward()
run(3)
