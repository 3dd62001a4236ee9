import torch
from torch import nn

from functools import partial
def scale(x, inplace=False): return x.mul_(2) if inplace else x * 2
def run(n):
    f = partial(scale, inplace=True)
    w = torch.rand(4, requires_grad=True)
    y = w.exp()
    f(y).sum().backward()
run(1)
