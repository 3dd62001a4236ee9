import torch
from torch import nn

def run(trainer):
    w = torch.rand(4, requires_grad=True)
    y = w.exp()
    trainer.do(y)
    y.mul_(2)
    y.detach().sum()
class T:
    def do(self, y): y.sum().backward()
run(T())
