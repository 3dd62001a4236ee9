# class: safe-param-update
import torch
import torch.nn as nn
import torch.nn.functional as F
from collections import OrderedDict

torch.manual_seed(0)


class Regressor(nn.Module):
    def __init__(self):
        super().__init__()
        self.params = nn.ParameterDict(
            {"w1": nn.Parameter(torch.randn(8, 1)), "b1": nn.Parameter(torch.zeros(8)), "w2": nn.Parameter(torch.randn(1, 8))}
        )

    def forward(self, x, params=None):
        p = self.params if params is None else params
        h = F.linear(x, p["w1"], p["b1"])
        h = F.relu(h, inplace=True)
        return F.linear(h, p["w2"])


def adapt(net, x, y, alpha=0.05, steps=2):
    weights = OrderedDict((n, p) for n, p in net.params.items())
    for _ in range(steps):
        loss = (net(x, weights) - y).pow(2).mean()
        gs = torch.autograd.grad(loss, list(weights.values()), create_graph=True)
        weights = OrderedDict((n, p - alpha * g) for (n, p), g in zip(weights.items(), gs))
    return weights


net = Regressor()
opt = torch.optim.Adam(net.parameters(), 1e-3)
total = 0.0
for _ in range(3):
    x, y = torch.randn(6, 1), torch.randn(6, 1)
    total += F.mse_loss(net(x, adapt(net, x, y)), y)
opt.zero_grad()
total.backward()
opt.step()
