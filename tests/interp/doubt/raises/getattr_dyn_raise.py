import torch
from torch import nn


class M(nn.Module):
    def __init__(self, n):
        super().__init__()
        for i in range(n):
            setattr(self, f"w{i}", nn.Parameter(torch.rand(4)))
        self.n = n

    def forward(self):
        y = sum(getattr(self, f"w{i}").exp().sum() for i in range(self.n))
        z = self.w0 * self.w0
        with torch.no_grad():
            for i in range(self.n):
                getattr(self, f"w{i}").add_(1)
        return y + z.sum()


def run(n):
    M(n)().backward()


run(2)
