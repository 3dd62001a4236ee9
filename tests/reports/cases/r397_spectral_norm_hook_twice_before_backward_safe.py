# class: safe-spectral-norm
import torch
import torch.nn as nn
from torch.nn.utils import spectral_norm

torch.manual_seed(0)
D = nn.Sequential(spectral_norm(nn.Linear(3, 6)), nn.LeakyReLU(0.2), spectral_norm(nn.Linear(6, 1)))
opt = torch.optim.Adam(D.parameters(), lr=2e-4, betas=(0.0, 0.9))
for _ in range(2):
    real, fake = torch.randn(4, 3), torch.randn(4, 3)
    loss = torch.relu(1 - D(real)).mean() + torch.relu(1 + D(fake)).mean()
    opt.zero_grad()
    loss.backward()
    opt.step()
