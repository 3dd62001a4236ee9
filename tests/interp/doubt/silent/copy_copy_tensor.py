import torch
from torch import nn

import copy
def run(n):
    w = torch.rand(4, requires_grad=True)
    y = torch.rand(4)
    z = copy.deepcopy(y)
    l = (w * y).sum()
    z.mul_(2)
    l.backward()
run(1)
