import torch
from torch import nn

def run(n):
    x = nn.Linear(4, 4)(torch.rand(2, 4))
    y = x.abs()
    y.add_(1).log_()
    y.sum().backward()
run(3)
