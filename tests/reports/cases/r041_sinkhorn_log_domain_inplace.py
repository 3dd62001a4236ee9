# class: own-operand-inplace
import torch
import torch.nn as nn


class Sinkhorn(nn.Module):
    def __init__(self, iters=3, eps=0.1):
        super().__init__()
        self.iters, self.eps = iters, eps

    def forward(self, cost):
        P = -cost / self.eps
        for _ in range(self.iters):
            P -= torch.logsumexp(P, dim=1, keepdim=True)
            P -= torch.logsumexp(P, dim=0, keepdim=True)
        return P.exp()


torch.manual_seed(0)
f = nn.Linear(3, 2)
x, y = f(torch.randn(4, 3)), f(torch.randn(4, 3))
C = torch.cdist(x, y)
plan = Sinkhorn()(C)
(plan * C).sum().backward()
