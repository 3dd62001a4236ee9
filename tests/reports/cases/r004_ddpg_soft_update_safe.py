# class: safe-param-update
import copy

import torch
import torch.nn as nn
import torch.nn.functional as F

torch.manual_seed(3)


class Critic(nn.Module):
    def __init__(self, s, a):
        super().__init__()
        self.l1 = nn.Linear(s + a, 12)
        self.l2 = nn.Linear(12, 1)

    def forward(self, state, action):
        return self.l2(F.relu(self.l1(torch.cat([state, action], dim=1))))


def soft_update(net, target, tau):
    for p, tp in zip(net.parameters(), target.parameters()):
        tp.data.copy_(tau * p.data + (1 - tau) * tp.data)


actor = nn.Sequential(nn.Linear(3, 12), nn.ReLU(), nn.Linear(12, 1), nn.Tanh())
critic = Critic(3, 1)
actor_target, critic_target = copy.deepcopy(actor), copy.deepcopy(critic)
a_opt = torch.optim.Adam(actor.parameters(), lr=1e-3)
c_opt = torch.optim.Adam(critic.parameters(), lr=1e-3)
for _ in range(3):
    s, a, r, s2 = torch.randn(6, 3), torch.randn(6, 1), torch.randn(6, 1), torch.randn(6, 3)
    with torch.no_grad():
        y = r + 0.99 * critic_target(s2, actor_target(s2))
    c_loss = F.mse_loss(critic(s, a), y)
    c_opt.zero_grad()
    c_loss.backward()
    c_opt.step()
    a_loss = -critic(s, actor(s)).mean()
    a_opt.zero_grad()
    a_loss.backward()
    a_opt.step()
    soft_update(actor, actor_target, 0.01)
    soft_update(critic, critic_target, 0.01)
