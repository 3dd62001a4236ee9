# class: saved-output-inplace
import torch
import torch.nn as nn


class ScoreNet(nn.Module):
    def __init__(self, d=2, h=6):
        super().__init__()
        self.l1, self.l2 = nn.Linear(d, h), nn.Linear(h, d)

    def forward(self, x):
        h = torch.tanh(self.l1(x))
        out = self.l2(h)
        h.mul_(0.0)
        return out


def divergence(s, x):
    div = torch.zeros(x.size(0))
    for i in range(x.size(1)):
        g = torch.autograd.grad(s[:, i].sum(), x, create_graph=True, retain_graph=True)[0]
        div += g[:, i]
    return div


torch.manual_seed(0)
net = ScoreNet()
x = torch.randn(4, 2, requires_grad=True)
s = net(x)
loss = (0.5 * s.pow(2).sum(1) + divergence(s, x)).mean()
loss.backward()
