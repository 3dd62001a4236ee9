import torch
from torch import nn

def run(x):
    if x.requires_grad:
        y = x * 2
        y.mul_(2)
    else:
        x.mul_(2)
        y = x
    return y.sum()
run(torch.rand(4, requires_grad=True)).backward(); run(torch.rand(4))
