import torch
from torch import nn

class St: pass
def run(s):
    w = torch.rand(4, requires_grad=True)
    if s.n == 0: y = w * 2
    else: y = w.exp()
    s.n += 1
    if s.n == 1: y.mul_(2)
    y.sum().backward()
a = St(); a.n = 0; b = St(); b.n = 1
run(a); run(b)
