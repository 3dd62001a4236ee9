import torch
from torch import nn


def run(n):
    l = nn.Linear(4, 4)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        y = l(torch.rand(2, 4))
        y += 1
    y.float().sum().backward()


run(1)
