# class: saved-output-inplace
import operator
from functools import reduce

import torch
import torch.nn as nn


class MultiBranch(nn.Module):
    def __init__(self, d, n=3):
        super().__init__()
        self.branches = nn.ModuleList([nn.Sequential(nn.Linear(d, d), nn.Sigmoid()) for _ in range(n)])

    def forward(self, x):
        outs = [b(x) for b in self.branches]
        return reduce(operator.iadd, outs)


torch.manual_seed(0)
mb = MultiBranch(4)
mb(torch.randn(2, 4)).prod(1).sum().backward()
