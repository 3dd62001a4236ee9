import copy

import torch
from torch import nn


def run(n):
    q = nn.Linear(4, 2)
    t = copy.deepcopy(q)
    o = torch.optim.SGD(q.parameters(), 0.1)
    for i in range(n):
        with torch.no_grad():
            y = t(torch.rand(2, 4))
        loss = (q(torch.rand(2, 4)) - y).pow(2).mean()
        o.zero_grad()
        loss.backward()
        o.step()
        t.load_state_dict(q.state_dict())
        for a, b in zip(t.parameters(), q.parameters()):
            a.data.copy_(b.data)


run(3)
