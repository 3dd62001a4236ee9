import torch
from torch import nn

from collections import namedtuple
P = namedtuple("P", "a b")
def run(n):
    w = torch.rand(4, requires_grad=True)
    p = P(w.exp(), torch.zeros(4))
    p.b.add_(1)
    q = p._replace(a=p.a.clone())
    q.a.mul_(2)
    p.a.sum().backward()
run(3)
