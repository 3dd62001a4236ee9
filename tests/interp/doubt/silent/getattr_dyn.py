import torch
from torch import nn


class M(nn.Module):
    def __init__(self, n):
        super().__init__()
        for i in range(n):
            setattr(self, f"w{i}", nn.Parameter(torch.rand(4)))

    def forward(self, i, j):
        y = getattr(self, f"w{i}").exp()
        with torch.no_grad():
            getattr(self, f"w{j}").add_(1)
        return y.sum()


def run(i, j):
    M(2)(i, j).backward()


run(0, 1)
