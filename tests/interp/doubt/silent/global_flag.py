import torch
from torch import nn

FLAG = True
def flip():
    global FLAG
    FLAG = not FLAG
def run(n):
    w = torch.rand(4, requires_grad=True)
    if FLAG: y = w.exp()
    else: y = w * 2
    flip()
    if FLAG: y.mul_(2)
    y.sum().backward()
run(1); run(1)
