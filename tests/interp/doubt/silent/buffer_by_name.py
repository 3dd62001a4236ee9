import torch
from torch import nn


class M(nn.Module):
    def __init__(self):
        super().__init__()
        self.register_buffer("a", torch.rand(4))
        self.register_buffer("b", torch.rand(4))
        self.w = nn.Parameter(torch.rand(4))

    def forward(self, one, other):
        y = self.w * getattr(self, one)
        getattr(self, other).add_(1)
        return y.sum()


def run(i, j):
    M()(i, j).backward()


run("a", "b")
