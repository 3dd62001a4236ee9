# class: safe-reparam
import torch
import torch.nn as nn
import torch.nn.functional as F


class WNLinear(nn.Module):
    def __init__(self, i, o):
        super().__init__()
        w = torch.empty(o, i)
        nn.init.kaiming_uniform_(w, a=5**0.5)
        self.v = nn.Parameter(w)
        self.g = nn.Parameter(w.norm(dim=1, keepdim=True))
        self.b = nn.Parameter(torch.zeros(o))

    @property
    def weight(self):
        return self.g * F.normalize(self.v, dim=1)

    @torch.no_grad()
    def data_init(self, x):
        out = self(x)
        self.g.div_(out.std(0, keepdim=True).t() + 1e-6)
        self.b.sub_(out.mean(0))

    def forward(self, x):
        return F.linear(x, self.weight, self.b)


torch.manual_seed(0)
net = nn.Sequential(WNLinear(3, 4), nn.ReLU(inplace=True), WNLinear(4, 2))
x = torch.randn(6, 3)
net[0].data_init(x)
net(x).pow(2).mean().backward()
