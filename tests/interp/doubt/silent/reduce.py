import torch
from torch import nn

from functools import reduce
def run(n):
    w = torch.rand(4, requires_grad=True)
    ys = [w * i for i in range(n)]
    t = reduce(lambda a, b: a.add_(b), ys)
    t.sum().backward()
run(3)
