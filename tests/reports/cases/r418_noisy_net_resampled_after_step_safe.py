# class: safe-noise
import math

import torch
import torch.nn as nn
import torch.nn.functional as F


def scale_noise(n):
    x = torch.randn(n)
    return x.sign().mul_(x.abs_().sqrt_())


class NoisyLinear(nn.Linear):
    def __init__(self, i, o, sigma0=0.5):
        super().__init__(i, o)
        self.sigma = nn.Parameter(torch.full((o, i), sigma0 / math.sqrt(i)))
        self.register_buffer("eps", torch.zeros(o, i))

    def resample(self):
        torch.outer(scale_noise(self.out_features), scale_noise(self.in_features), out=self.eps)

    def forward(self, x):
        return F.linear(x, self.weight + self.sigma * self.eps, self.bias)


torch.manual_seed(0)
net = nn.Sequential(NoisyLinear(3, 8), nn.ReLU(inplace=True), NoisyLinear(8, 2))
opt = torch.optim.RMSprop(net.parameters(), centered=True)
for _ in range(2):
    for mod in net.modules():
        if isinstance(mod, NoisyLinear):
            mod.resample()
    loss = net(torch.randn(4, 3)).pow(2).mean()
    opt.zero_grad()
    loss.backward()
    opt.step()
