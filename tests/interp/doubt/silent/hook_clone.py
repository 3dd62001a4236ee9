import torch
from torch import nn

def run(n):
    w = torch.rand(4, requires_grad=True)
    y = w.exp()
    grads = []
    y.register_hook(lambda g: grads.append(g.clone()))
    y.sum().backward()
    grads[0].mul_(2)
run(3)
