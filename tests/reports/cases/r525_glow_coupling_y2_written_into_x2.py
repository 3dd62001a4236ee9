# class: saved-input-inplace
import torch
import torch.nn as nn


class AffineCoupling(nn.Module):
    def __init__(self, d):
        super().__init__()
        self.nn = nn.Sequential(nn.Linear(d // 2, 8), nn.ReLU(inplace=True), nn.Linear(8, d))

    def forward(self, x):
        x1, x2 = x[:, ::2], x[:, 1::2]
        shift, scale = self.nn(x1).chunk(2, 1)
        s = torch.sigmoid(scale + 2.0)
        x2 = (x2 + shift) * s
        logdet = s.log().sum(1)
        x[:, 1::2] = x2
        return x, logdet


torch.manual_seed(0)
flow = nn.ModuleList([AffineCoupling(4), AffineCoupling(4)])
z = nn.Linear(4, 4)(torch.randn(3, 4))
ld = 0
for f in flow:
    z, l = f(z)
    ld = ld + l
(0.5 * z.pow(2).sum(1) - ld).mean().backward()
