# class: graph-reused
import torch
import torch.nn as nn


class LearnedRotary(nn.Module):
    def __init__(self, dim):
        super().__init__()
        self.freqs = nn.Parameter(torch.rand(dim // 2))
        self.cached = {}

    def forward(self, x):
        n = x.size(1)
        if n not in self.cached:
            ang = torch.arange(n).float()[:, None] * self.freqs
            self.cached[n] = (ang.cos(), ang.sin())
        cos, sin = self.cached[n]
        a, b = x.chunk(2, -1)
        return torch.cat([a * cos - b * sin, a * sin + b * cos], -1)


torch.manual_seed(0)
lin, rot = nn.Linear(4, 4), LearnedRotary(4)
opt = torch.optim.SGD([*lin.parameters(), *rot.parameters()], lr=0.1)
for n in (3, 5, 3):
    loss = rot(lin(torch.randn(2, n, 4))).pow(2).mean() + lin.weight.abs().mean()
    opt.zero_grad()
    loss.backward()
    opt.step()
