# class: saved-output-inplace
from typing import List, Union

import torch
import torch.nn as nn
from torch import Tensor


class Gate(nn.Module):
    def __init__(self, dim):
        super().__init__()
        self.proj = nn.Linear(dim, dim)

    def forward(self, xs: Union[Tensor, List[Tensor]], mask=None):
        single = isinstance(xs, Tensor)
        if single:
            xs = [xs]
        outs = []
        for x in xs:
            g = self.proj(x).sigmoid()
            y = g * x
            if mask is not None:
                g.masked_fill_(mask, 0.0)
            outs.append(y + g)
        return outs[0] if single else outs


torch.manual_seed(0)
gate = Gate(4)
x = torch.randn(3, 4)
gate(x).sum().backward()
m = torch.zeros(3, 4, dtype=torch.bool)
m[:, -1] = True
a, b = gate([x, x * 2], mask=m)
(a.sum() + b.sum()).backward()
