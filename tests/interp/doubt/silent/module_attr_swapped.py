import torch
from torch import nn


class M(nn.Module):
    def __init__(self):
        super().__init__()
        self.w = nn.Parameter(torch.rand(4))

    def reset(self):
        self.w = nn.Parameter(torch.rand(4))


def run(m, f):
    y = (m.w * m.w).sum()
    f(m)
    with torch.no_grad():
        m.w.mul_(2)
    y.backward()


run(M(), lambda m: m.reset())
