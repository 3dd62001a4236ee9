import torch
from torch import nn

def run(freeze):
    m = nn.Linear(4, 4)
    freeze(m)
    m.weight.mul_(2)
run(lambda m: m.requires_grad_(False))
