import torch
from torch import nn


class M(nn.Module):
    def __init__(self, n):
        super().__init__()
        self.names = []
        for i in range(n):
            self.add_module(f"l{i}", nn.Linear(4, 4))
            self.names.append(f"l{i}")

    def forward(self, x):
        out = []
        for name in self.names:
            x = self._modules[name](x).relu()
            out.append(x)
        out[0].mul_(2)
        return out


def run(n):
    sum(o.sum() for o in M(n)(torch.rand(2, 4))).backward()


run(3)
