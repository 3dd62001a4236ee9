# class: safe-init
import torch
import torch.nn as nn


class ActNorm(nn.Module):
    def __init__(self, ch):
        super().__init__()
        self.register_buffer("initialized", torch.tensor(0, dtype=torch.uint8))
        self.loc = nn.Parameter(torch.zeros(1, ch))
        self.log_scale = nn.Parameter(torch.zeros(1, ch))

    def initialize(self, x):
        with torch.no_grad():
            self.loc.data.copy_(-x.mean(0, keepdim=True))
            self.log_scale.data.copy_(-(x.std(0, keepdim=True) + 1e-6).log())

    def forward(self, x):
        if self.initialized.item() == 0:
            self.initialize(x)
            self.initialized.fill_(1)
        y = x + self.loc
        y *= self.log_scale.exp()
        return y, self.log_scale.sum()


class InvConv(nn.Module):
    def __init__(self, ch):
        super().__init__()
        q, _ = torch.linalg.qr(torch.randn(ch, ch))
        self.weight = nn.Parameter(q)

    def forward(self, x):
        return x @ self.weight, torch.slogdet(self.weight)[1]


torch.manual_seed(0)
flow = nn.ModuleList([ActNorm(4), InvConv(4), ActNorm(4), InvConv(4)])
opt = torch.optim.Adamax(flow.parameters(), 1e-3)
for _ in range(2):
    x, total = torch.randn(16, 4), 0
    for layer in flow:
        x, ld = layer(x)
        total = total + ld
    loss = 0.5 * x.pow(2).sum(1).mean() - total
    opt.zero_grad()
    loss.backward()
    opt.step()
