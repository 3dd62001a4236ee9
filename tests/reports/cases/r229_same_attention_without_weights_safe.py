# class: safe-mask-inplace
import math

import torch
from torch import nn


class MHA(nn.Module):
    def __init__(self, d=8, h=2):
        super().__init__()
        self.h, self.dk = h, d // h
        self.w = nn.ModuleDict({n: nn.Linear(d, d) for n in "qkvo"})

    def split(self, x):
        return x.view(x.size(0), -1, self.h, self.dk).transpose(1, 2)

    def forward(self, x, mask=None, need_weights=False):
        q, k, v = (self.split(self.w[n](x)) for n in "qkv")
        scores = torch.matmul(q, k.transpose(-2, -1)).div_(math.sqrt(self.dk))
        if mask is not None:
            scores.masked_fill_(mask == 0, -1e9)
        attn = scores.softmax(dim=-1)
        ctx = torch.matmul(attn, v)
        if need_weights:
            attn.masked_fill_(attn < 0.1, 0.0)
        ctx = ctx.transpose(1, 2).contiguous().view(x.size(0), -1, self.h * self.dk)
        return self.w["o"](ctx)


torch.manual_seed(0)
mha = MHA()
mask = torch.ones(4, 4).tril_()[None, None]
mha(torch.randn(2, 4, 8), mask).pow(2).mean().backward()
