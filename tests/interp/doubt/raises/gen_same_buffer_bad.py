import torch
from torch import nn

def make(n):
    buf = torch.zeros(4)
    for i in range(n):
        buf[0] = i
        yield buf
def run(n):
    w = torch.rand(4, requires_grad=True)
    total = 0
    for b in make(n):
        total = total + (w * b).sum()
    total.backward()
run(3)
