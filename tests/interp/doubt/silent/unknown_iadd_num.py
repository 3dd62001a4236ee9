import torch
from torch import nn

def run(total):
    w = torch.rand(4, requires_grad=True)
    for i in range(2):
        l = (w * w).sum()
        total += l
    total.backward()
run(0)
