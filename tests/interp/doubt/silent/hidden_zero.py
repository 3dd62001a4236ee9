import torch
from torch import nn


def run(n):
    l = nn.LSTM(4, 4)
    h, c = torch.zeros(1, 2, 4), torch.zeros(1, 2, 4)
    for i in range(n):
        y, (h, c) = l(torch.rand(3, 2, 4), (h, c))
        y.sum().backward()
        h, c = h.detach(), c.detach()
        h.zero_()


run(2)
