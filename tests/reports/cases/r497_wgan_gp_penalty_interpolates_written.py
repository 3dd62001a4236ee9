# class: saved-input-inplace
import torch
import torch.nn as nn
from torch.autograd import grad


def gradient_penalty(critic, real, fake):
    eps = torch.rand(real.size(0), 1)
    inter = (eps * real + (1 - eps) * fake).requires_grad_(True)
    score = critic(inter)
    g = grad(outputs=score, inputs=inter, grad_outputs=torch.ones_like(score), create_graph=True, retain_graph=True)[0]
    norm = g.norm(2, dim=1)
    norm -= 1
    return (norm ** 2).mean()


torch.manual_seed(0)
critic = nn.Sequential(nn.Linear(2, 8), nn.LeakyReLU(0.2), nn.Linear(8, 1))
opt = torch.optim.Adam(critic.parameters(), betas=(0.0, 0.9))
real, fake = torch.randn(4, 2), torch.randn(4, 2)
loss = critic(fake).mean() - critic(real).mean() + 10 * gradient_penalty(critic, real, fake)
opt.zero_grad()
loss.backward()
opt.step()
