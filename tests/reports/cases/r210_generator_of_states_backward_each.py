# class: hidden-state-not-detached
import torch
import torch.nn as nn


def unroll(cell, xs, h):
    for x in xs:
        h = cell(x, h)
        yield h


torch.manual_seed(0)
cell, fc = nn.RNNCell(2, 3), nn.Linear(3, 1)
params = list(cell.parameters()) + list(fc.parameters())
opt = torch.optim.SGD(params, lr=0.1)
for h in unroll(cell, torch.randn(3, 4, 2), torch.zeros(4, 3)):
    loss = fc(h).pow(2).mean()
    opt.zero_grad()
    loss.backward()
    opt.step()
