# class: no-grad-write-in-graph
import torch
import torch.nn as nn


class FakeQuant(nn.Module):
    def __init__(self, scale=0.1):
        super().__init__()
        self.scale = scale

    def forward(self, x):
        with torch.no_grad():
            x.div_(self.scale)
        return x * x


torch.manual_seed(0)
net = nn.Sequential(nn.Linear(3, 4), FakeQuant(), nn.Linear(4, 1))
net(torch.randn(5, 3)).sum().backward()
