# class: safe-rl
import torch
import torch.nn as nn
import torch.nn.functional as F
from torch.distributions import Normal


class Actor(nn.Module):
    def __init__(self, obs=3, act=2):
        super().__init__()
        self.net = nn.Sequential(nn.Linear(obs, 8), nn.ReLU(inplace=True), nn.Linear(8, 2 * act))

    def forward(self, s):
        mu, log_std = self.net(s).chunk(2, dim=-1)
        dist = Normal(mu, log_std.clamp(-5, 2).exp())
        u = dist.rsample()
        logp = dist.log_prob(u).sum(-1)
        logp = logp - (2 * (0.6931 - u - F.softplus(-2 * u))).sum(-1)
        return torch.tanh(u), logp


torch.manual_seed(0)
actor, q1, q2 = Actor(), nn.Linear(5, 1), nn.Linear(5, 1)
log_alpha = torch.zeros(1, requires_grad=True)
opts = [torch.optim.Adam(p, lr=3e-4) for p in (actor.parameters(), [*q1.parameters(), *q2.parameters()], [log_alpha])]
for _ in range(2):
    s, s2, r = torch.randn(4, 3), torch.randn(4, 3), torch.randn(4)
    with torch.no_grad():
        a2, lp2 = actor(s2)
        tq = torch.min(q1(torch.cat([s2, a2], 1)), q2(torch.cat([s2, a2], 1))).squeeze(-1)
        tq -= log_alpha.exp() * lp2
        tq.mul_(0.99).add_(r)
    sa = torch.cat([s, torch.rand(4, 2)], 1)
    q_loss = sum(F.mse_loss(q(sa).squeeze(-1), tq) for q in (q1, q2))
    opts[1].zero_grad()
    q_loss.backward()
    opts[1].step()
    a, lp = actor(s)
    pi_loss = (log_alpha.exp().detach() * lp - torch.min(q1(torch.cat([s, a], 1)), q2(torch.cat([s, a], 1))).squeeze(-1)).mean()
    opts[0].zero_grad()
    pi_loss.backward()
    opts[0].step()
    alpha_loss = -(log_alpha * (lp.detach() - 2)).mean()
    opts[2].zero_grad()
    alpha_loss.backward()
    opts[2].step()
