import torch
from torch import nn

from collections import defaultdict
def run(names):
    w = torch.rand(4, requires_grad=True)
    d = defaultdict(lambda: torch.zeros(4))
    for n in names:
        d[n] += w.detach()
    (w * d[names[0]]).sum().backward()
    d[names[0]].zero_()
run(["a", "b", "a"])
