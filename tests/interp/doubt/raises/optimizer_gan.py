import torch
from torch import nn


def run(n):
    g, d = nn.Linear(4, 4), nn.Sequential(nn.Linear(4, 4), nn.Linear(4, 1))
    og, od = torch.optim.Adam(g.parameters()), torch.optim.Adam(d.parameters())
    fake = g(torch.rand(2, 4))
    ld = d(fake).sum()
    lg = -d(fake).sum()
    ld.backward(retain_graph=True)
    od.step()
    lg.backward()
    og.step()


run(3)
