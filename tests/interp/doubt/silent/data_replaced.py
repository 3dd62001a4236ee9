import torch
from torch import nn

def run(n):
    a = nn.Linear(4, 4)
    a.weight.data = torch.rand(4, 4)
    y = a(torch.rand(2, 4, requires_grad=True)).sum()
    y.backward()
    a.weight.data = torch.rand(4, 4)
    a.weight.data.mul_(2)
run(1)
