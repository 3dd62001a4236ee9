"""The first error stands two calls deep; the path goes on behind it in the caller."""

import torch


def scale(t):
    t.mul_(0.5)  # 1 [leaf-modified] mend: t = t.mul(0.5)
    return t


def features(t):
    h = scale(t).relu()
    h += 1  # 2 [saved-tensor-modified] mend: h = h + 1
    return h


x = torch.ones(3, requires_grad=True)
features(x).sum().backward()
