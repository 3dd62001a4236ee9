import torch
from torch import nn

def run(n):
    h = torch.zeros(4)
    w = torch.rand(4, requires_grad=True)
    def step():
        nonlocal h
        h = (h.detach() * w).tanh()
        return h.sum()
    for _ in range(n): step().backward()
    h = h.detach()
    h.zero_()
run(3)
