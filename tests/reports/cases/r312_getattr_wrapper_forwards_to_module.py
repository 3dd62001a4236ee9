# class: optimizer-step-between
import torch
import torch.nn as nn


class Wrapped:
    """Looks like the module it wraps (as DDP-style wrappers do)."""

    def __init__(self, module):
        self.__dict__["module"] = module

    def __getattr__(self, name):
        return getattr(self.__dict__["module"], name)

    def __call__(self, *args, **kwargs):
        return self.module(*args, **kwargs)


class D(nn.Module):
    def __init__(self):
        super().__init__()
        self.features = nn.Sequential(nn.Linear(2, 8), nn.LeakyReLU(0.2))
        self.cls = nn.Linear(8, 1)

    def forward(self, x):
        return self.cls(self.features(x))


torch.manual_seed(0)
G, D_ = Wrapped(nn.Sequential(nn.Linear(3, 8), nn.ReLU(), nn.Linear(8, 2))), Wrapped(D())
g_opt = torch.optim.Adam(G.parameters(), lr=1e-3)
d_opt = torch.optim.Adam(D_.parameters(), lr=1e-3)
bce = nn.BCEWithLogitsLoss()
real, z = torch.randn(4, 2), torch.randn(4, 3)
fake = G(z)
pred_fake = D_(fake)
d_loss = bce(D_(real), torch.ones(4, 1)) + bce(D_(fake.detach()), torch.zeros(4, 1))
g_loss = bce(pred_fake, torch.ones(4, 1))
d_opt.zero_grad()
d_loss.backward()
d_opt.step()
g_opt.zero_grad()
g_loss.backward()
g_opt.step()
