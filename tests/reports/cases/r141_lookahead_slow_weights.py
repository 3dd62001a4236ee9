# class: leaf-inplace
import torch
import torch.nn as nn


class Lookahead(torch.optim.Optimizer):
    def __init__(self, base, k=2, alpha=0.5):
        self.base, self.k, self.alpha, self.count = base, k, alpha, 0
        self.param_groups = base.param_groups
        self.slow = [[p.clone().detach() for p in g["params"]] for g in self.param_groups]

    def zero_grad(self):
        self.base.zero_grad()

    def step(self, closure=None):
        self.base.step()
        self.count += 1
        if self.count % self.k:
            return
        for group, slow in zip(self.param_groups, self.slow):
            for p, q in zip(group["params"], slow):
                q.add_(p.data - q, alpha=self.alpha)
                p.copy_(q)


torch.manual_seed(0)
net = nn.Linear(3, 1)
opt = Lookahead(torch.optim.SGD(net.parameters(), lr=0.1))
for _ in range(2):
    loss = net(torch.randn(4, 3)).pow(2).mean()
    opt.zero_grad()
    loss.backward()
    opt.step()
