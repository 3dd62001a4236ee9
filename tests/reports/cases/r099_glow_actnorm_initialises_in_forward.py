# class: leaf-inplace
import torch
import torch.nn as nn


class ActNorm(nn.Module):
    def __init__(self, ch):
        super().__init__()
        self.loc = nn.Parameter(torch.zeros(1, ch))
        self.log_scale = nn.Parameter(torch.zeros(1, ch))
        self.initialized = False

    def initialize(self, x):
        self.loc.copy_(-x.mean(0, keepdim=True))
        self.log_scale.copy_(-x.std(0, keepdim=True).log())
        self.initialized = True

    def forward(self, x):
        if not self.initialized:
            self.initialize(x)
        return (x + self.loc) * self.log_scale.exp(), self.log_scale.sum()


torch.manual_seed(0)
flow = nn.ModuleList(ActNorm(4) for _ in range(2))
x, total = torch.randn(16, 4), 0
for layer in flow:
    x, ld = layer(x)
    total = total + ld
(0.5 * x.pow(2).sum(1).mean() - total).backward()
