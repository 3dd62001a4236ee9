import torch
from torch import nn

def run(f):
    ws = [torch.rand(4, requires_grad=True)]
    for w in map(f, ws):
        w.mul_(2)
run(lambda w: w.detach().clone())
