import torch
from torch import nn


def run(n):
    g, d = nn.Linear(4, 4), nn.Sequential(nn.Linear(4, 4), nn.Linear(4, 1))
    og, od = torch.optim.Adam(g.parameters()), torch.optim.Adam(d.parameters())
    for i in range(n):
        fake = g(torch.rand(2, 4))
        ld = d(fake.detach()).sum()
        od.zero_grad()
        ld.backward()
        od.step()
        lg = -d(fake).sum()
        og.zero_grad()
        lg.backward()
        og.step()


run(3)
