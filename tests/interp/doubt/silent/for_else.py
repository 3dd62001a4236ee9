import torch
from torch import nn

def run(xs):
    w = torch.rand(4, requires_grad=True)
    for x in xs:
        y = w * x
        if x > 1:
            y.sum().backward()
            break
    else:
        y = w.exp()
        y.mul_(2)
run([0, 2])
