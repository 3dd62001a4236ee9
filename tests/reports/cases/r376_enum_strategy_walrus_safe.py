# class: safe-python
from enum import Enum, auto

import torch
import torch.nn as nn


class Pool(Enum):
    MEAN = auto()
    MAX = auto()
    ATTN = auto()


class Pooler(nn.Module):
    def __init__(self, d, kind=Pool.ATTN):
        super().__init__()
        self.kind = kind
        self.q = nn.Parameter(torch.randn(d)) if kind is Pool.ATTN else None

    def forward(self, x, mask):
        if self.kind is Pool.MEAN:
            return (x * mask[..., None]).sum(1) / mask.sum(1, keepdim=True)
        if self.kind is Pool.MAX:
            x = x.clone()
            x[~mask.bool()] = -1e4
            return x.max(1).values
        score = x @ self.q
        score.masked_fill_(mask == 0, float("-inf"))
        return (score.softmax(-1)[..., None] * x).sum(1)


torch.manual_seed(0)
emb = nn.Linear(3, 4)
x = torch.randn(2, 5, 3)
mask = torch.tensor([[1, 1, 1, 0, 0], [1, 1, 1, 1, 1]])
loss = 0
for kind in Pool:
    pool = Pooler(4, kind)
    if (val := pool(emb(x), mask).pow(2).mean()) is not None:
        loss = loss + val
loss.backward()
