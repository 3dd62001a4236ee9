import torch
from torch import nn

def run(x, inplace):
    y = x.exp()
    if torch.is_grad_enabled() and y.requires_grad:
        y = y + 1
    else:
        y += 1
    return y.sum()
run(torch.rand(4, requires_grad=True), True).backward(); run(torch.rand(4), True)
