import torch
from torch import nn

class Swish(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x * x.sigmoid()
    @staticmethod
    def backward(ctx, g):
        (x,) = ctx.saved_tensors
        s = x.sigmoid()
        return g * (s * (1 + x * (1 - s)))
def run(n):
    w = torch.rand(4, requires_grad=True)
    x = w * 2
    y = Swish.apply(x)
    x.mul_(2)
    y.sum().backward()
run(3)
