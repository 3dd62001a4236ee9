# class: safe-callable
import torch
import torch.nn as nn


class WeightedLosses:
    def __init__(self, **weights):
        self.weights = weights
        self.terms = {}

    def __getitem__(self, key):
        return self.weights[key] * self.terms[key]

    def __setitem__(self, key, value):
        self.terms[key] = value

    def __iter__(self):
        return iter(self.weights)

    def __call__(self):
        total = 0
        for k in self:
            total = total + self[k]
        return total


torch.manual_seed(0)
net = nn.Linear(3, 2)
opt = torch.optim.SGD(net.parameters(), lr=0.1, momentum=0.9)
losses = WeightedLosses(rec=1.0, reg=0.01)
for _ in range(2):
    x = torch.randn(4, 3)
    losses["rec"] = (net(x) - x[:, :2]).pow(2).mean()
    losses["reg"] = net.weight.abs().sum()
    opt.zero_grad()
    losses().backward()
    opt.step()
