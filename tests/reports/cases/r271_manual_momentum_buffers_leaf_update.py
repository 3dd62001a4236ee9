# class: leaf-inplace
import torch
import torch.nn as nn


class MomentumSGD:
    def __init__(self, params, lr=0.1, beta=0.9):
        self.params = list(params)
        self.buf = [torch.zeros_like(p) for p in self.params]
        self.lr, self.beta = lr, beta

    def step(self):
        for p, b in zip(self.params, self.buf):
            b.mul_(self.beta).add_(p.grad)
            p.sub_(self.lr * b)

    def zero_grad(self):
        for p in self.params:
            if p.grad is not None:
                p.grad.detach_().zero_()


torch.manual_seed(0)
net = nn.Linear(2, 1)
opt = MomentumSGD(net.parameters())
loss = net(torch.randn(4, 2)).square().mean()
loss.backward()
opt.step()
