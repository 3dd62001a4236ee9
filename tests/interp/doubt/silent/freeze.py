import torch
from torch import nn

def run(freeze):
    w = torch.rand(4, requires_grad=True)
    freeze(w)
    w.mul_(2)
run(lambda w: w.requires_grad_(False))
