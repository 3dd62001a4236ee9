import torch
from torch import nn


def run(n):
    l = nn.LSTM(4, 4)
    h = (torch.zeros(1, 2, 4), torch.zeros(1, 2, 4))
    o = torch.optim.SGD(l.parameters(), 0.1)
    for i in range(n):
        h = tuple(t.detach() for t in h)
        y, h = l(torch.rand(3, 2, 4), h)
        o.zero_grad()
        y.sum().backward()
        o.step()


run(2)
