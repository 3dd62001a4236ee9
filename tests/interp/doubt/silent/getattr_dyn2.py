import torch
from torch import nn


class M(nn.Module):
    def __init__(self, n):
        super().__init__()
        for i in range(n):
            setattr(self, f"l{i}", nn.Linear(4, 4))
        self.n = n

    def forward(self, x):
        for i in range(self.n):
            x = getattr(self, f"l{i}")(x)
        return x


def run(n):
    m = M(n)
    y = m(torch.rand(2, 4))
    y.sum().backward()
    with torch.no_grad():
        for i in range(n):
            getattr(m, f"l{i}").weight.sub_(0.1)
    y = m(torch.rand(2, 4))
    y.sum().backward()


run(3)
