import torch
from torch import nn

def run(buf):
    w = torch.rand(4, requires_grad=True)
    y = w.exp()
    buf.append(y)
    buf[-1].mul_(2)
    y.sum().backward()
class L(list):
    def append(self, v): super().append(v.detach().clone())
run(L())
