# class: safe-cache
import math

import torch
import torch.nn as nn


class Sinusoid(nn.Module):
    _cache: dict = {}

    def __init__(self, dim):
        super().__init__()
        self.dim = dim
        self.scale = nn.Parameter(torch.ones(1))

    @classmethod
    def table(cls, n, d):
        key = (n, d)
        if key not in cls._cache:
            pos = torch.arange(n).unsqueeze(1)
            div = torch.exp(torch.arange(0, d, 2) * (-math.log(10000.0) / d))
            pe = torch.zeros(n, d)
            pe[:, 0::2] = torch.sin(pos * div)
            pe[:, 1::2] = torch.cos(pos * div)
            cls._cache[key] = pe
        return cls._cache[key]

    def forward(self, x):
        return x + self.scale * self.table(x.size(1), self.dim)


torch.manual_seed(0)
net = nn.Sequential(nn.Linear(3, 4), Sinusoid(4), nn.Linear(4, 1))
opt = torch.optim.SGD(net.parameters(), lr=0.1)
for n in (3, 5, 3):
    loss = net(torch.randn(2, n, 3)).pow(2).mean()
    opt.zero_grad()
    loss.backward()
    opt.step()
