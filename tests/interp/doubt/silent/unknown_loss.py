import torch
from torch import nn

def run(crit, m, x, t):
    o = m(x)
    l = crit(o, t)
    t += 1
    l.backward()
run(nn.L1Loss(), nn.Linear(4, 4), torch.rand(2, 4), torch.rand(2, 4))
