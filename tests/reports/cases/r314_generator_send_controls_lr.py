# class: hidden-state-not-detached
import torch
import torch.nn as nn


def truncated(cell, h, bptt):
    """Coroutine: send inputs, receive hidden states; forgets to cut the graph."""
    x = yield h
    n = 0
    while True:
        h = cell(x, h)
        n += 1
        x = yield h


torch.manual_seed(0)
cell = nn.GRUCell(3, 4)
opt = torch.optim.SGD(cell.parameters(), lr=0.1)
gen = truncated(cell, torch.zeros(2, 4), 1)
next(gen)
for step in range(2):
    h = gen.send(torch.randn(2, 3))
    loss = h.pow(2).sum()
    opt.zero_grad()
    loss.backward()
    opt.step()
