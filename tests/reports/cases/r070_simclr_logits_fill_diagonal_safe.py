# class: safe-mask-inplace
import torch
import torch.nn as nn
import torch.nn.functional as F


def nt_xent(z1, z2, temperature=0.5):
    z = F.normalize(torch.cat([z1, z2]), dim=1)
    sim = z @ z.T
    sim /= temperature
    n = z1.size(0)
    sim.fill_diagonal_(float("-inf"))
    targets = torch.cat([torch.arange(n) + n, torch.arange(n)])
    return F.cross_entropy(sim, targets)


torch.manual_seed(0)
encoder = nn.Sequential(nn.Linear(8, 16), nn.BatchNorm1d(16), nn.ReLU(inplace=True))
projector = nn.Linear(16, 4, bias=False)
optimizer = torch.optim.SGD([{"params": encoder.parameters()}, {"params": projector.parameters(), "lr": 0.01}], lr=0.1)
for _ in range(2):
    x = torch.randn(4, 8)
    views = [x + 0.1 * torch.randn_like(x) for _ in range(2)]
    z1, z2 = (projector(encoder(v)) for v in views)
    loss = nt_xent(z1, z2)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
