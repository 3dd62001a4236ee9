import torch
from torch import nn

def run(n):
    m = nn.Linear(4, 4)
    y = m(torch.rand(2, 4, requires_grad=True)).sum()
    for v in m.state_dict().values(): v.zero_()
    y.backward()
run(1)
