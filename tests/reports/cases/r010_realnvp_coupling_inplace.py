# class: view-of-activation
import torch
import torch.nn as nn


class Coupling(nn.Module):
    def __init__(self, dim, flip):
        super().__init__()
        self.flip = flip
        self.net = nn.Sequential(nn.Linear(dim // 2, 8), nn.Tanh(), nn.Linear(8, dim))

    def forward(self, x):
        half = x.shape[1] // 2
        xa, xb = x[:, :half], x[:, half:]
        if self.flip:
            xa, xb = xb, xa
        s, t = self.net(xa).chunk(2, dim=1)
        xb *= torch.exp(s)
        xb += t
        return x, s.sum(1)


class Flow(nn.Module):
    def __init__(self, dim=4, n=3):
        super().__init__()
        self.layers = nn.ModuleList([Coupling(dim, i % 2 == 1) for i in range(n)])

    def forward(self, x):
        logdet = torch.zeros(x.shape[0])
        for layer in self.layers:
            x, ld = layer(x)
            logdet = logdet + ld
        return x, logdet


torch.manual_seed(0)
flow = Flow()
z, logdet = flow(torch.randn(16, 4))
nll = (0.5 * z.pow(2).sum(1) - logdet).mean()
nll.backward()
