# class: safe-param-update
import torch
import torch.nn as nn


class MomentumSGD:
    def __init__(self, params, lr=0.1, beta=0.9):
        self.params = [p for p in params if p.requires_grad]
        self.buf = {id(p): torch.zeros_like(p, requires_grad=False) for p in self.params}
        self.lr, self.beta = lr, beta

    @torch.no_grad()
    def step(self):
        for p in self.params:
            b = self.buf[id(p)]
            b.mul_(self.beta).add_(p.grad)
            p.sub_(self.lr * b)

    def zero_grad(self):
        for p in self.params:
            if p.grad is not None:
                p.grad.detach_()
                p.grad.zero_()


torch.manual_seed(0)
net = nn.Sequential(nn.Linear(2, 3), nn.ReLU(True), nn.Linear(3, 1))
opt = MomentumSGD(net.parameters())
for _ in range(3):
    loss = net(torch.randn(4, 2)).square().mean()
    opt.zero_grad()
    loss.backward()
    opt.step()
