import torch
from torch import nn

def run(ctx):
    w = torch.rand(4, requires_grad=True)
    with ctx():
        w.mul_(2)
run(torch.no_grad)
