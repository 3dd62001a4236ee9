import torch
from torch import nn

class C:
    buf = torch.zeros(4)
def run(n):
    w = torch.rand(4, requires_grad=True)
    c = C()
    l = (w * c.buf).sum()
    C.buf.add_(1)
    l.backward()
run(3)
