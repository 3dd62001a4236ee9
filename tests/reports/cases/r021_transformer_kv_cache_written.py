# class: recurrence-buffer
import math
from dataclasses import dataclass

import torch
from torch import nn


@dataclass
class Cfg:
    dim: int = 8
    heads: int = 2
    ctx: int = 5


class CachedAttention(nn.Module):
    def __init__(self, cfg: Cfg):
        super().__init__()
        self.q, self.k, self.v = (nn.Linear(cfg.dim, cfg.dim) for _ in range(3))
        self.cache_k = torch.zeros(2, cfg.ctx, cfg.dim)
        self.cache_v = torch.zeros(2, cfg.ctx, cfg.dim)

    def forward(self, x, pos):
        self.cache_k[:, pos] = self.k(x)
        self.cache_v[:, pos] = self.v(x)
        keys = self.cache_k[:, : pos + 1]
        values = self.cache_v[:, : pos + 1]
        att = (self.q(x).unsqueeze(1) @ keys.transpose(1, 2)) / math.sqrt(x.size(-1))
        return (att.softmax(-1) @ values).squeeze(1)


torch.manual_seed(0)
cfg = Cfg()
attn = CachedAttention(cfg)
x = torch.randn(2, cfg.dim)
outs = []
for pos in range(cfg.ctx):
    x = attn(x, pos)
    outs.append(x)
torch.stack(outs).pow(2).mean().backward()
