import torch
from torch import nn

def run(x: torch.Tensor, y: torch.Tensor):
    z = (x * y).sum()
    y.add_(1)
    if z.requires_grad and False:
        z.backward()
run(torch.rand(4), torch.rand(4))
