# class: no-grad-write-saved
from contextlib import contextmanager

import torch
import torch.nn as nn


@contextmanager
def scaled_weights(layer, factor):
    with torch.no_grad():
        layer.weight.mul_(factor)
    try:
        yield layer
    finally:
        with torch.no_grad():
            layer.weight.div_(factor)


torch.manual_seed(0)
body = nn.Linear(4, 4)
head = nn.Linear(4, 2)
x = torch.randn(3, 4)
with scaled_weights(head, 0.1) as h:
    logits = h(torch.relu(body(x)))
loss = nn.functional.cross_entropy(logits, torch.tensor([0, 1, 0]))
loss.backward()
