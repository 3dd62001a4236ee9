import torch
from torch import nn

def make(n):
    buf = torch.zeros(4)
    for i in range(n):
        buf[0] = i
        yield buf
def run(n):
    w = torch.rand(4, requires_grad=True)
    for b in make(n):
        (w * b).sum().backward()
run(3)
