# class: safe-rl
import torch
import torch.nn as nn
import torch.nn.functional as F
from torch.distributions import Beta

torch.manual_seed(0)
net = nn.Linear(3, 4)
opt = torch.optim.Adam(net.parameters(), lr=1e-3)
memory = []
for t in range(3):
    a, b = F.softplus(net(torch.randn(3))).add_(1).chunk(2, -1)
    d = Beta(a, b)
    act = d.sample()
    memory.append((d.log_prob(act).sum(), torch.rand(())))
    act.mul_(2).sub_(1)
R, losses = torch.zeros(()), []
for lp, r in reversed(memory):
    R = r + 0.9 * R
    losses.insert(0, -lp * R)
opt.zero_grad()
torch.stack(losses).sum().backward()
opt.step()
