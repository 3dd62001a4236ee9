# class: safe-init
import math

import torch
import torch.nn as nn


class PositionalEmbedding(nn.Module):
    def __init__(self, n, d, learned=True):
        super().__init__()
        pe = torch.zeros(n, d)
        pos = torch.arange(0, n).float().unsqueeze(1)
        div = torch.exp(torch.arange(0, d, 2).float() * -(math.log(100.0) / d))
        pe[:, 0::2] = torch.sin(pos * div)
        pe[:, 1::2] = torch.cos(pos * div)
        if learned:
            self.pe = nn.Parameter(pe)
        else:
            self.register_buffer("pe", pe)

    def forward(self, x):
        return x + self.pe[: x.size(1)]


torch.manual_seed(0)
net = nn.Sequential(PositionalEmbedding(5, 4), nn.Linear(4, 2), PositionalEmbedding(5, 2, learned=False))
net(torch.randn(1, 3, 4)).abs().sum().backward()
