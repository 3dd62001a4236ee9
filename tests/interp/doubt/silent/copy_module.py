import torch
from torch import nn

import copy
def run(n):
    m = nn.Linear(4, 4)
    t = copy.deepcopy(m)
    y = m(torch.rand(2, 4, requires_grad=True)).sum()
    with torch.no_grad():
        for p in t.parameters(): p.zero_()
    y.backward()
run(1)
