# class: saved-input-inplace
import torch
import torch.nn as nn


class DEQ(nn.Module):
    def __init__(self, d=4, tol=1e-3, iters=5):
        super().__init__()
        self.lin, self.inj = nn.Linear(d, d), nn.Linear(d, d)
        self.tol, self.iters = tol, iters

    def f(self, z, x):
        return torch.tanh(self.lin(z) * 0.3 + self.inj(x))

    def forward(self, x):
        with torch.no_grad():
            z = torch.zeros_like(x)
            for _ in range(self.iters):
                z = self.f(z, x)
        z = self.f(z, x)
        z_prev = self.f(z, x)
        z -= 0.5 * (z - z_prev)
        return z


torch.manual_seed(0)
deq, head = DEQ(), nn.Linear(4, 1)
head(deq(torch.randn(3, 4))).pow(2).mean().backward()
