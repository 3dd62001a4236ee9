# class: safe-double-backward
import torch
import torch.nn as nn
from torch import autograd

torch.manual_seed(0)


class Critic(nn.Module):
    def __init__(self):
        super().__init__()
        self.net = nn.Sequential(nn.Linear(4, 8), nn.LeakyReLU(0.2, True), nn.Linear(8, 8), nn.LeakyReLU(0.2, True), nn.Linear(8, 1))

    def forward(self, x):
        return self.net(x)


def gradient_penalty(D, real, fake):
    alpha = torch.rand(real.size(0), 1).expand_as(real)
    interp = (alpha * real + (1 - alpha) * fake).detach().requires_grad_()
    d = D(interp)
    g = autograd.grad(outputs=d, inputs=interp, grad_outputs=torch.ones_like(d), create_graph=True, retain_graph=True)[0]
    g = g.view(g.size(0), -1)
    return ((g.norm(2, dim=1) - 1) ** 2).mean()


D, G = Critic(), nn.Linear(2, 4)
od, og = torch.optim.Adam(D.parameters(), betas=(0.0, 0.9)), torch.optim.Adam(G.parameters(), betas=(0.0, 0.9))
for _ in range(2):
    real, fake = torch.randn(5, 4), G(torch.randn(5, 2))
    d_loss = D(fake.detach()).mean() - D(real).mean() + 10 * gradient_penalty(D, real, fake)
    od.zero_grad()
    d_loss.backward()
    od.step()
    g_loss = -D(fake).mean()
    og.zero_grad()
    g_loss.backward()
    og.step()
