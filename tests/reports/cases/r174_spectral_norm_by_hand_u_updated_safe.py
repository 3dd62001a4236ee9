# class: safe-buffer-update
import torch
import torch.nn as nn
import torch.nn.functional as F


class SNLinear(nn.Module):
    def __init__(self, i, o):
        super().__init__()
        self.weight = nn.Parameter(torch.randn(o, i))
        self.register_buffer("u", F.normalize(torch.randn(o), dim=0))

    def _sigma(self):
        with torch.no_grad():
            v = F.normalize(self.weight.t() @ self.u, dim=0)
            u = F.normalize(self.weight @ v, dim=0)
            self.u.copy_(u)
        return u @ (self.weight @ v)

    def forward(self, x):
        return x @ (self.weight / self._sigma()).t()


torch.manual_seed(0)
D = nn.Sequential(SNLinear(4, 8), nn.LeakyReLU(0.1, inplace=True), SNLinear(8, 1))
opt = torch.optim.Adam(D.parameters(), betas=(0.0, 0.9))
for _ in range(2):
    real, fake = torch.randn(5, 4), torch.randn(5, 4) + 1
    loss = F.relu(1 - D(real)).mean() + F.relu(1 + D(fake), inplace=True).mean()
    opt.zero_grad()
    loss.backward()
    opt.step()
