import torch
from torch import nn

def run(x: torch.Tensor, y: torch.Tensor):
    z = (x * y).sum()
    y.add_(1)
    z.backward()
run(torch.rand(4, requires_grad=True), torch.rand(4))
