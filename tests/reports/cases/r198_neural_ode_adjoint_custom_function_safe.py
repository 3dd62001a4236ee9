# class: safe-custom-function
import torch
import torch.nn as nn


class OdeBlock(torch.autograd.Function):
    @staticmethod
    def forward(ctx, z0, w, steps):
        z = z0.clone()
        zs = []
        for _ in range(steps):
            zs.append(z.clone())
            z += 0.1 * torch.tanh(z @ w)
        ctx.save_for_backward(w, *zs)
        return z

    @staticmethod
    def backward(ctx, a):
        w, *zs = ctx.saved_tensors
        gw = torch.zeros_like(w)
        a = a.clone()
        for z in reversed(zs):
            s = 1 - torch.tanh(z @ w).pow(2)
            gw.add_(z.t() @ (a * s), alpha=0.1)
            a.add_((a * s) @ w.t(), alpha=0.1)
        return a, gw, None


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.inp, self.w = nn.Linear(2, 3), nn.Parameter(torch.randn(3, 3))

    def forward(self, x):
        return OdeBlock.apply(self.inp(x), self.w, 4)


torch.manual_seed(0)
Net()(torch.randn(5, 2)).pow(2).sum().backward()
