# class: safe-diffusion
import math

import torch
import torch.nn as nn


class SinusoidalPosEmb(nn.Module):
    def __init__(self, dim):
        super().__init__()
        self.dim = dim

    def forward(self, t):
        half = self.dim // 2
        emb = math.log(10000) / (half - 1)
        emb = torch.exp(torch.arange(half) * -emb)
        emb = t[:, None] * emb[None, :]
        return torch.cat((emb.sin(), emb.cos()), dim=-1)


class ResBlock(nn.Module):
    def __init__(self, i, o, t_dim):
        super().__init__()
        self.block1 = nn.Sequential(nn.GroupNorm(1, i), nn.SiLU(), nn.Conv2d(i, o, 3, padding=1))
        self.temb = nn.Sequential(nn.SiLU(), nn.Linear(t_dim, o))
        self.block2 = nn.Sequential(nn.GroupNorm(1, o), nn.SiLU(inplace=True), nn.Dropout(0.1), nn.Conv2d(o, o, 3, padding=1))
        self.shortcut = nn.Conv2d(i, o, 1) if i != o else nn.Identity()

    def forward(self, x, temb):
        h = self.block1(x)
        h += self.temb(temb)[:, :, None, None]
        h = self.block2(h)
        return h + self.shortcut(x)


torch.manual_seed(0)
emb, b1, b2 = SinusoidalPosEmb(4), ResBlock(1, 4, 4), ResBlock(4, 1, 4)
params = [*b1.parameters(), *b2.parameters()]
opt = torch.optim.Adam(params, 1e-4)
for _ in range(2):
    x, t = torch.randn(2, 1, 4, 4), torch.randint(0, 10, (2,))
    noise = torch.randn_like(x)
    te = emb(t)
    loss = nn.functional.mse_loss(b2(b1(x + noise, te), te), noise)
    opt.zero_grad()
    loss.backward()
    nn.utils.clip_grad_norm_(params, 1.0)
    opt.step()
