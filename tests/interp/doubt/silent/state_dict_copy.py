import torch
from torch import nn

def run(n):
    m = nn.Linear(4, 4)
    sd = {k: v.clone() for k, v in m.state_dict().items()}
    y = m(torch.rand(2, 4, requires_grad=True)).sum()
    for v in sd.values(): v.zero_()
    y.backward()
run(1)
