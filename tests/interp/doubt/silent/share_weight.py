import torch
from torch import nn

def run(n):
    a, b = nn.Linear(4, 4), nn.Linear(4, 4)
    b.weight = a.weight
    y = a(torch.rand(2, 4)).sum() + b(torch.rand(2, 4)).sum()
    y.backward()
    with torch.no_grad(): b.weight.add_(1)
run(1)
