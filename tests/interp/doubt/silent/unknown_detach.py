import torch
from torch import nn

def run(tool):
    w = torch.rand(4, requires_grad=True)
    y = w.exp()
    z = tool(y)
    z.mul_(2)
    y.sum().backward()
run(lambda y: y.detach().clone())
