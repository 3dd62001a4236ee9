# class: multi-view-inplace
import torch
import torch.nn as nn


class QKV(nn.Module):
    def __init__(self, d=6, h=2):
        super().__init__()
        self.h = h
        self.qkv = nn.Linear(d, 3 * d)

    def forward(self, x):
        b, n, d = x.shape
        q, k, v = self.qkv(x).reshape(b, n, 3, self.h, d // self.h).permute(2, 0, 3, 1, 4).unbind(0)
        q *= (d // self.h) ** -0.5
        return ((q @ k.transpose(-2, -1)).softmax(-1) @ v).transpose(1, 2).reshape(b, n, d)


torch.manual_seed(0)
QKV()(torch.randn(2, 3, 6)).sum().backward()
