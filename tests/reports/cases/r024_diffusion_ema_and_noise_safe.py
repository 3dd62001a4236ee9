# class: safe-param-update
import copy

import torch
import torch.nn as nn


class EMA:
    def __init__(self, model, decay=0.99):
        self.decay = decay
        self.module = copy.deepcopy(model).eval()
        for p in self.module.parameters():
            p.requires_grad = False

    @torch.no_grad()
    def update(self, model):
        for e, p in zip(self.module.parameters(), model.parameters()):
            e.mul_(self.decay).add_(p, alpha=1 - self.decay)


torch.manual_seed(0)
betas = torch.linspace(1e-4, 0.02, 10)
alphas_cumprod = torch.cumprod(1 - betas, 0)
denoiser = nn.Sequential(nn.Linear(5, 16), nn.SiLU(inplace=True), nn.Linear(16, 4))
ema = EMA(denoiser)
opt = torch.optim.AdamW(denoiser.parameters())
for it in range(2):
    x0 = torch.randn(8, 4)
    t = torch.randint(0, 10, (8,))
    a = alphas_cumprod[t].view(-1, 1)
    noise = torch.randn_like(x0)
    xt = a.sqrt() * x0 + (1 - a).sqrt() * noise
    pred = denoiser(torch.cat([xt, t.view(-1, 1) / 10], 1))
    loss = (pred - noise).square().mean()
    opt.zero_grad(set_to_none=True)
    loss.backward()
    torch.nn.utils.clip_grad_norm_(denoiser.parameters(), 1.0)
    opt.step()
    ema.update(denoiser)
