# class: saved-input-inplace
from contextlib import ExitStack

import torch
import torch.nn as nn


class Temperature(nn.Module):
    def __init__(self):
        super().__init__()
        self.lin = nn.Linear(3, 3)
        self.register_buffer("t", torch.ones(1))

    def sharpen(self, stack, by):
        self.t.mul_(by)
        stack.callback(self.t.div_, by)

    def forward(self, x):
        return torch.softmax(self.lin(x) / self.t, -1)


torch.manual_seed(0)
m = Temperature()
with ExitStack() as stack:
    m.sharpen(stack, 0.5)
    p = m(torch.randn(2, 3))
p[:, 0].log().mean().backward()
