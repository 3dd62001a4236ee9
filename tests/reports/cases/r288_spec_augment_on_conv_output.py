# class: slice-assign-activation
import random

import torch
import torch.nn as nn


class SpecAugment(nn.Module):
    def __init__(self, F=2, T=2):
        super().__init__()
        self.F, self.T = F, T

    def forward(self, x):
        if not self.training:
            return x
        f0 = random.randint(0, x.size(1) - self.F)
        x[:, f0 : f0 + self.F] = 0
        t0 = random.randint(0, x.size(2) - self.T)
        x[:, :, t0 : t0 + self.T] = 0
        return x


torch.manual_seed(0)
random.seed(0)
front = nn.Sequential(nn.Conv1d(3, 6, 3, padding=1), nn.Softplus(), nn.InstanceNorm1d(6), nn.ELU())
aug, head = SpecAugment(), nn.Conv1d(6, 2, 1)
y = front(torch.randn(2, 3, 8))
gate = y.exp()
loss = (head(aug(y)).mean() + gate.mean())
loss.backward()
