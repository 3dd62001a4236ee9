# class: attention-weights-inplace
import math
from typing import NamedTuple, Optional

import torch
from torch import nn


class Output(NamedTuple):
    hidden: torch.Tensor
    weights: Optional[torch.Tensor] = None


class MHA(nn.Module):
    def __init__(self, d=8, h=2, p=0.1):
        super().__init__()
        assert d % h == 0
        self.h, self.dk = h, d // h
        self.w = nn.ModuleDict({n: nn.Linear(d, d) for n in "qkvo"})
        self.p = p

    def split(self, x):
        return x.view(x.size(0), -1, self.h, self.dk).transpose(1, 2)

    def forward(self, x, mask=None, need_weights=False) -> Output:
        q, k, v = (self.split(self.w[n](x)) for n in "qkv")
        scores = torch.matmul(q, k.transpose(-2, -1)).div_(math.sqrt(self.dk))
        if mask is not None:
            scores.masked_fill_(mask == 0, -1e9)
        attn = scores.softmax(dim=-1)
        ctx = torch.matmul(attn, v)
        if need_weights:
            attn.masked_fill_(attn < 0.1, 0.0)
        ctx = ctx.transpose(1, 2).contiguous().view(x.size(0), -1, self.h * self.dk)
        return Output(self.w["o"](ctx), attn if need_weights else None)


torch.manual_seed(0)
mha = MHA()
x = torch.randn(2, 4, 8)
mask = torch.ones(4, 4).tril_()[None, None]
out = mha(x, mask, need_weights=True)
loss = out.hidden.pow(2).mean()
if out.weights is not None:
    loss = loss + 0.1 * out.weights.detach().mean()
loss.backward()
