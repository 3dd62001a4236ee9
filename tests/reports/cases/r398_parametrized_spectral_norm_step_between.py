# class: optimizer-step-between
import torch
import torch.nn as nn
from torch.nn.utils.parametrizations import spectral_norm

torch.manual_seed(0)
G = nn.Linear(2, 3)
D = nn.Sequential(spectral_norm(nn.Linear(3, 6)), nn.ReLU(), spectral_norm(nn.Linear(6, 1)))
og, od = torch.optim.Adam(G.parameters()), torch.optim.Adam(D.parameters())
fake = G(torch.randn(4, 2))
score = D(fake)
loss_d = torch.relu(1 + D(fake.detach())).mean() + torch.relu(1 - D(torch.randn(4, 3))).mean()
loss_g = -score.mean()
od.zero_grad()
loss_d.backward()
od.step()
og.zero_grad()
loss_g.backward()
og.step()
