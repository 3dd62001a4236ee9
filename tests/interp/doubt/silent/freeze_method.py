import torch
from torch import nn

def run(tool):
    w = torch.rand(4, requires_grad=True)
    tool.freeze([w])
    w.mul_(2)
class T:
    def freeze(self, ws):
        for w in ws: w.requires_grad_(False)
run(T())
