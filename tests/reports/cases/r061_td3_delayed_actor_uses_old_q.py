# class: optimizer-step-between
from types import SimpleNamespace

import torch
import torch.nn as nn
import torch.nn.functional as F

args = SimpleNamespace(policy_freq=2, tau=0.005, gamma=0.99, lr=1e-3)
torch.manual_seed(0)


class TwinQ(nn.Module):
    def __init__(self):
        super().__init__()
        self.q1 = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 1))
        self.q2 = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 1))

    def forward(self, s, a):
        sa = torch.cat([s, a], 1)
        return self.q1(sa), self.q2(sa)


actor = nn.Sequential(nn.Linear(3, 8), nn.ReLU(), nn.Linear(8, 1), nn.Tanh())
critic = TwinQ()
a_optim = torch.optim.Adam(actor.parameters(), lr=args.lr)
c_optim = torch.optim.Adam(critic.parameters(), lr=args.lr)


def train(total_it, batch):
    s, a, r = batch
    q1, q2 = critic(s, a)
    critic_loss = F.mse_loss(q1, r) + F.mse_loss(q2, r)
    actor_loss = None
    if total_it % args.policy_freq == 0:
        actor_loss = -critic(s, actor(s))[0].mean()
    c_optim.zero_grad()
    critic_loss.backward()
    c_optim.step()
    if actor_loss is not None:
        a_optim.zero_grad()
        actor_loss.backward()
        a_optim.step()


for it in range(1, 3):
    train(it, (torch.randn(6, 3), torch.randn(6, 1), torch.randn(6, 1)))
