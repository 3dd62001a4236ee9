# class: overlap-expand
import torch
import torch.nn as nn


class MAE(nn.Module):
    def __init__(self, dim=6, n=5):
        super().__init__()
        self.enc = nn.Linear(4, dim)
        self.mask_token = nn.Parameter(torch.zeros(1, 1, dim))
        self.dec = nn.Linear(dim, 4)

    def forward(self, x, keep):
        z = self.enc(x)
        full = self.mask_token.expand(x.size(0), x.size(1), -1)
        full[:, keep] = z[:, keep]
        return self.dec(full)


torch.manual_seed(0)
mae = MAE()
x = torch.randn(2, 5, 4)
pred = mae(x, torch.tensor([0, 3]))
((pred - x) ** 2).mean().backward()
