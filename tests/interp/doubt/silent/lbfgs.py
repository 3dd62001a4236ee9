import torch
from torch import nn

def run(n):
    w = torch.rand(4, requires_grad=True)
    o = torch.optim.LBFGS([w], max_iter=2)
    def closure():
        o.zero_grad()
        l = (w * w).sum()
        l.backward()
        return l
    o.step(closure)
run(3)
