import contextlib

import torch


def run(n):
    w = torch.ones(n, requires_grad=True)
    y = w.exp()
    y.add_(1)
    with contextlib.suppress(KeyError, IndexError):
        y.sum().backward()


run(3)
