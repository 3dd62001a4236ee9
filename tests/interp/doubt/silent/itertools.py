import torch
from torch import nn

import itertools
def run(n):
    w = torch.rand(4, requires_grad=True)
    xs = [torch.rand(4) for _ in range(n)]
    for a, b in itertools.combinations(xs, 2):
        (w * a).sum().backward()
        b.mul_(2)
run(3)
