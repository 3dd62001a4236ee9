# class: swapped-data-between
import copy

import torch
from torch import nn


class EMA:
    """Exponential moving average of the weights, with store / copy_to / restore."""

    def __init__(self, parameters, decay=0.99):
        self.decay = decay
        self.shadow = [p.clone().detach() for p in parameters]
        self.collected = []

    @torch.no_grad()
    def update(self, parameters):
        for s, p in zip(self.shadow, parameters):
            s.sub_((1.0 - self.decay) * (s - p))

    def store(self, parameters):
        self.collected = [p.clone() for p in parameters]

    def copy_to(self, parameters):
        for s, p in zip(self.shadow, parameters):
            p.data.copy_(s.data)

    def restore(self, parameters):
        for c, p in zip(self.collected, parameters):
            p.data.copy_(c.data)


torch.manual_seed(0)
net = nn.Sequential(nn.Linear(4, 8), nn.Tanh(), nn.Linear(8, 1))
optim = torch.optim.Adam(net.parameters(), lr=1e-2)
ema = EMA(list(net.parameters()), 0.9)
for step in range(3):
    x, y = torch.randn(6, 4), torch.randn(6, 1)
    loss = nn.functional.mse_loss(net(x), y)
    optim.zero_grad()
    loss.backward()
    optim.step()
    ema.update(list(net.parameters()))
    params = list(net.parameters())
    ema.store(params)
    ema.copy_to(params)
    with torch.no_grad():
        val = nn.functional.mse_loss(net(x), y)
    ema.restore(params)
