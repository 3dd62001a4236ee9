# class: optimizer-step-between
import torch
import torch.nn as nn

torch.manual_seed(0)
critic = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 1))
gen = nn.Sequential(nn.Linear(2, 8), nn.ReLU(), nn.Linear(8, 4))
opt_g = torch.optim.RMSprop(gen.parameters(), lr=5e-5)


def clip_weights(module, c=0.01):
    with torch.no_grad():
        for p in module.parameters():
            p.clamp_(-c, c)


for it in range(2):
    z = torch.randn(6, 2)
    g_loss = -critic(gen(z)).mean()
    clip_weights(critic)
    opt_g.zero_grad()
    g_loss.backward()
    opt_g.step()
