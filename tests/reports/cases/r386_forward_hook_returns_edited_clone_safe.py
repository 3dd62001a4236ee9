# class: safe-hook
import torch
import torch.nn as nn


class Intervention:
    def __init__(self, module, unit, value=0.0):
        self.unit, self.value = unit, value
        self.handle = module.register_forward_hook(self)
        self.seen = None

    def __call__(self, module, args, output):
        self.seen = output.detach()
        out = output.clone()
        out[:, self.unit] = self.value
        return out

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        self.handle.remove()
        return False


torch.manual_seed(0)
net = nn.Sequential(nn.Linear(3, 4), nn.Sigmoid(), nn.Linear(4, 1))
x = torch.randn(5, 3)
with Intervention(net[1], 2) as iv:
    loss = net(x).pow(2).mean()
(loss + net(x).mean()).backward()
iv.seen.zero_()
