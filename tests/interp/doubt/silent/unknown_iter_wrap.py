import torch
from torch import nn

def run(wrap):
    ws = [torch.rand(4, requires_grad=True)]
    for w in wrap(ws):
        w.mul_(2)
run(lambda ws: [w.detach().clone() for w in ws])
