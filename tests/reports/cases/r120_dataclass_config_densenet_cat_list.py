# class: activation-then-inplace
from dataclasses import dataclass, field
from typing import List

import torch
import torch.nn as nn


@dataclass
class DenseConfig:
    growth: int = 4
    layers: int = 3
    inplace: bool = True
    widths: List[int] = field(default_factory=lambda: [8])


class DenseLayer(nn.Module):
    def __init__(self, cin, cfg):
        super().__init__()
        self.conv = nn.Conv2d(cin, cfg.growth, 3, padding=1)
        self.act = nn.ReLU(inplace=cfg.inplace)

    def forward(self, feats):
        x = torch.cat(feats, 1)
        return self.conv(self.act(x))


class DenseBlock(nn.Module):
    def __init__(self, cfg):
        super().__init__()
        w = cfg.widths[0]
        self.layers = nn.ModuleList([DenseLayer(w + i * cfg.growth, cfg) for i in range(cfg.layers)])
        self.gate = nn.Sigmoid()
        self.final_act = nn.ReLU(inplace=cfg.inplace)

    def forward(self, x):
        feats = [x]
        for layer in self.layers:
            feats.append(layer(feats))
        y = self.gate(torch.cat(feats, dim=1))
        return self.final_act(y)


torch.manual_seed(0)
cfg = DenseConfig()
stem = nn.Conv2d(3, cfg.widths[0], 1)
block = DenseBlock(cfg)
block(stem(torch.randn(2, 3, 5, 5))).mean().backward()
