import torch
from torch import nn

def run(x: torch.Tensor, y: torch.Tensor):
    z = x * y
    y.add_(1)
    z.sum()
run(torch.rand(4), torch.rand(4))
