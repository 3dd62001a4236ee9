import torch
from torch import nn

import contextlib
def run(n):
    w = torch.rand(4, requires_grad=True)
    with contextlib.suppress(RuntimeError):
        w.mul_(2)
    w.sum().backward()
run(3)
