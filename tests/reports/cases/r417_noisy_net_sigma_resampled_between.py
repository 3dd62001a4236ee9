# class: saved-input-inplace
import math

import torch
import torch.nn as nn
import torch.nn.functional as F


class NoisyLinear(nn.Module):
    def __init__(self, i, o, std=0.5):
        super().__init__()
        self.mu = nn.Parameter(torch.empty(o, i).uniform_(-1 / math.sqrt(i), 1 / math.sqrt(i)))
        self.sigma = nn.Parameter(torch.full((o, i), std / math.sqrt(i)))
        self.register_buffer("eps", torch.zeros(o, i))
        self.reset_noise()

    def reset_noise(self):
        f = lambda n: (lambda x: x.sign().mul_(x.abs().sqrt_()))(torch.randn(n))
        o, i = self.mu.shape
        self.eps.copy_(f(o).outer(f(i)))

    def forward(self, x):
        w = self.mu + self.sigma * self.eps if self.training else self.mu
        return F.linear(x, w)


torch.manual_seed(0)
online = nn.Sequential(NoisyLinear(3, 8), nn.ReLU(), NoisyLinear(8, 2))
opt = torch.optim.Adam(online.parameters())
s, s2 = torch.randn(4, 3), torch.randn(4, 3)
q = online(s).gather(1, torch.zeros(4, 1, dtype=torch.long))
for layer in online:
    if hasattr(layer, "reset_noise"):
        layer.reset_noise()
with torch.no_grad():
    target = online(s2).max(1, keepdim=True).values
loss = F.mse_loss(q, target)
opt.zero_grad()
loss.backward()
opt.step()
