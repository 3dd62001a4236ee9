import torch
from torch import nn


def run(n):
    l = nn.Linear(4, 4)
    o = torch.optim.SGD(l.parameters(), 0.1)
    for i in range(n):
        o.zero_grad()
        l(torch.rand(2, 4)).sum().backward()
        nn.utils.clip_grad_norm_(l.parameters(), 1.0)
        for p in l.parameters():
            p.grad.data.clamp_(-1, 1)
        o.step()
        for p in l.parameters():
            p.data.clamp_(-0.1, 0.1)


run(4)
