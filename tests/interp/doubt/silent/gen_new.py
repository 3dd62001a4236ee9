import torch
from torch import nn

def make(n):
    for i in range(n):
        yield torch.rand(4)
def run(n):
    g = make(n)
    a = next(g)
    a.requires_grad_()
    for b in g:
        b[0] = 1.0
run(3)
