import torch
from torch import nn


def run(n):
    c = nn.GRUCell(4, 4)
    o = torch.optim.SGD(c.parameters(), 0.1)
    h = torch.zeros(2, 4)
    for i in range(n):
        h = c(torch.rand(2, 4), h.detach())
        o.zero_grad()
        h.sum().backward()
        o.step()


run(3)
