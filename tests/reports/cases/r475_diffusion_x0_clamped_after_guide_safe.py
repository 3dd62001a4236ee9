# class: safe-saved-input-only
import torch
import torch.nn as nn

torch.manual_seed(0)
T = 4
betas = torch.linspace(1e-3, 0.2, T)
alphas_bar = torch.cumprod(1 - betas, 0)
unet = nn.Sequential(nn.Linear(5, 16), nn.SiLU(), nn.Linear(16, 4))
for p in unet.parameters():
    p.requires_grad_(False)
target = torch.randn(2, 4)


def eps_theta(x, t):
    emb = torch.full((x.shape[0], 1), float(t) / T)
    return unet(torch.cat([x, emb], dim=1))


x = torch.randn(2, 4)
for t in reversed(range(T)):
    x = x.detach().requires_grad_(True)
    eps = eps_theta(x, t)
    x0 = (x - (1 - alphas_bar[t]).sqrt() * eps) / alphas_bar[t].sqrt()
    guide = (x0 - target).pow(2).sum()
    x0.clamp_(-1, 1)
    grad = torch.autograd.grad(guide, x)[0]
    prev = alphas_bar[t - 1] if t > 0 else torch.tensor(1.0)
    x = prev.sqrt() * x0 + (1 - prev).sqrt() * eps - 0.1 * grad
