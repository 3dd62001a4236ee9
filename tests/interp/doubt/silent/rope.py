import torch
from torch import nn

def rot(x):
    a, b = x.chunk(2, -1)
    return torch.cat([-b, a], -1)
def run(n):
    q = torch.rand(2, 4, requires_grad=True) * 1
    c, s = torch.rand(4), torch.rand(4)
    q2 = q * c + rot(q) * s
    q2.mul_(0.5)
    q2.sum().backward()
run(3)
