# class: saved-output-inplace
import torch
import torch.nn as nn
from torch.distributions import Normal

LOG_STD_MIN, LOG_STD_MAX = -5, 2


class Actor(nn.Module):
    def __init__(self, obs=3, act=2, high=2.0):
        super().__init__()
        self.trunk = nn.Sequential(nn.Linear(obs, 8), nn.ReLU())
        self.mu, self.log_std = nn.Linear(8, act), nn.Linear(8, act)
        self.register_buffer("scale", torch.full((act,), high))

    def forward(self, s):
        h = self.trunk(s)
        log_std = torch.clamp(self.log_std(h), LOG_STD_MIN, LOG_STD_MAX)
        dist = Normal(self.mu(h), log_std.exp())
        u = dist.rsample()
        a = torch.tanh(u)
        logp = dist.log_prob(u) - torch.log(self.scale * (1 - a.pow(2)) + 1e-6)
        a *= self.scale
        return a, logp.sum(-1, keepdim=True)


torch.manual_seed(0)
actor, q = Actor(), nn.Linear(5, 1)
s = torch.randn(4, 3)
a, logp = actor(s)
loss = (0.2 * logp - q(torch.cat([s, a], 1))).mean()
loss.backward()
