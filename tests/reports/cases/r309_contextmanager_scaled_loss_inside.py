# class: safe-context
from contextlib import ExitStack, contextmanager

import torch
import torch.nn as nn


@contextmanager
def scaled(layer, factor):
    with torch.no_grad():
        layer.weight.mul_(factor)
    yield
    with torch.no_grad():
        layer.weight.div_(factor)


torch.manual_seed(0)
layers = nn.ModuleList([nn.Linear(4, 4), nn.Linear(4, 4)])
x = torch.randn(3, 4)
with ExitStack() as stack:
    for layer in layers:
        stack.enter_context(scaled(layer, 0.5))
    h = x
    for layer in layers:
        h = torch.tanh(layer(h))
    h.sum().backward()
for layer in layers:
    print(layer.weight.grad.norm().item())
