# class: safe-ste
import torch
import torch.nn as nn


class FakeQuant(nn.Module):
    def __init__(self, bits=4, momentum=0.9):
        super().__init__()
        self.levels = 2 ** (bits - 1) - 1
        self.momentum = momentum
        self.register_buffer("scale", torch.ones(1))
        self.register_buffer("seen", torch.zeros(1, dtype=torch.long))

    def forward(self, x):
        if self.training:
            with torch.no_grad():
                cur = x.abs().max() / self.levels
                if self.seen.item() == 0:
                    self.scale.copy_(cur)
                else:
                    self.scale.mul_(self.momentum).add_((1 - self.momentum) * cur)
                self.seen += 1
        q = torch.clamp(torch.round(x / self.scale), -self.levels, self.levels) * self.scale
        return x + (q - x).detach()


class QLinear(nn.Linear):
    def __init__(self, *a, **k):
        super().__init__(*a, **k)
        self.qw, self.qx = FakeQuant(), FakeQuant(bits=8)

    def forward(self, x):
        return nn.functional.linear(self.qx(x), self.qw(self.weight), self.bias)


torch.manual_seed(0)
net = nn.Sequential(QLinear(3, 4), nn.ReLU(), QLinear(4, 1))
opt = torch.optim.SGD(net.parameters(), lr=0.1)
for _ in range(2):
    loss = net(torch.randn(5, 3)).pow(2).mean()
    opt.zero_grad()
    loss.backward()
    opt.step()
