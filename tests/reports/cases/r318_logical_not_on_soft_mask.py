# class: saved-input-inplace
import torch
import torch.nn as nn


class SoftMask(nn.Module):
    def __init__(self, dim):
        super().__init__()
        self.score = nn.Linear(dim, dim)

    def forward(self, x, invert=False):
        m = torch.sigmoid(self.score(x))
        out = x * m
        if invert:
            m.logical_not_()
        return out, m


torch.manual_seed(0)
layer = SoftMask(4)
out, m = layer(torch.randn(2, 4), invert=True)
out.sum().backward()
