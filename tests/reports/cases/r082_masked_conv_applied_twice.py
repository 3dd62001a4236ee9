# class: data-write-saved
import torch
import torch.nn as nn


class MaskedConv1d(nn.Conv1d):
    def __init__(self, *a, **k):
        super().__init__(*a, **k)
        self.register_buffer("mask", torch.ones_like(self.weight))
        self.mask[:, :, -1] = 0
        self.scale = 1.0

    def forward(self, x):
        self.weight.data *= self.mask * self.scale
        return super().forward(x)


class Shared(nn.Module):
    def __init__(self):
        super().__init__()
        self.stem = nn.Conv1d(1, 2, 1)
        self.conv = MaskedConv1d(2, 2, 3, padding=1)
        self.conv.scale = 0.9

    def forward(self, x):
        h = self.stem(x)
        for _ in range(2):
            h = torch.tanh(self.conv(h))
        return h


torch.manual_seed(0)
net = Shared()
out = net(torch.randn(2, 1, 6))
out.pow(2).sum().backward()
