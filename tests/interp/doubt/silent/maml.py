import torch
from torch import nn

def run(n):
    w = torch.rand(4, requires_grad=True)
    fast = w
    for i in range(n):
        l = (fast * fast).sum()
        g, = torch.autograd.grad(l, fast, create_graph=True)
        fast = fast - 0.1 * g
    (fast * fast).sum().backward()
run(3)
