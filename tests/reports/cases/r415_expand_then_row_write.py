# class: expanded-write
import torch
import torch.nn as nn


class Queries(nn.Module):
    def __init__(self, n=3, d=4):
        super().__init__()
        self.start = nn.Parameter(torch.randn(1, 1, d))
        self.n = n

    def forward(self, memory):
        q = self.start.expand(memory.size(0), self.n, -1)
        q = q * 1 if self.training and self.n > 8 else q
        q[:, 0] += memory.mean(1)
        return q


torch.manual_seed(0)
m = Queries()
m(torch.randn(2, 5, 4)).sum().backward()
