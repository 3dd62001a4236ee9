# class: saved-input-inplace
import torch
import torch.nn as nn


class LockedDropout(nn.Module):
    def __init__(self, p):
        super().__init__()
        self.p = p
        self.mask = None

    def reset(self, like):
        self.mask = like.new_empty(1, like.size(1), like.size(2)).bernoulli_(1 - self.p).div_(1 - self.p)

    def forward(self, x):
        if not self.training or self.p == 0:
            return x
        if self.mask is None:
            self.reset(x)
        else:
            self.mask.bernoulli_(1 - self.p)
        return x * self.mask


torch.manual_seed(0)
drop = LockedDropout(0.5)
cell = nn.Linear(4, 4)
h = cell(torch.randn(2, 3, 4))
h = drop(h)
h = drop(torch.tanh(h))
h.pow(2).mean().backward()
