import contextlib

import pytest
import torch


def run(n):
    w = torch.ones(n, requires_grad=True)
    y = w.exp()
    y.add_(1)
    with pytest.raises((KeyError, RuntimeError), match="inplace operation"):
        y.sum().backward()
    z = w.exp()
    z.add_(1)
    with contextlib.suppress(Exception):
        z.sum().backward()


run(3)
