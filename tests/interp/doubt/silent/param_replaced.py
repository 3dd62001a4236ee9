import torch
from torch import nn

def run(n):
    a = nn.Linear(4, 4)
    y = a(torch.rand(2, 4, requires_grad=True)).sum()
    a.weight = nn.Parameter(torch.rand(4, 4))
    with torch.no_grad(): a.weight.add_(1)
    y.backward()
run(1)
