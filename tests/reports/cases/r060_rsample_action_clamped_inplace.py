# class: saved-output-inplace
import torch
import torch.nn as nn
from torch.distributions import Normal

torch.manual_seed(0)
LOG_STD_MIN, LOG_STD_MAX = -20, 2


class SquashedGaussianActor(nn.Module):
    def __init__(self, obs_dim, act_dim, act_limit=1.0):
        super().__init__()
        self.net = nn.Sequential(nn.Linear(obs_dim, 16), nn.ReLU())
        self.mu_layer = nn.Linear(16, act_dim)
        self.log_std_layer = nn.Linear(16, act_dim)
        self.act_limit = act_limit

    def forward(self, obs, with_logprob=True):
        out = self.net(obs)
        mu = self.mu_layer(out)
        log_std = self.log_std_layer(out).clamp_(LOG_STD_MIN, LOG_STD_MAX)
        dist = Normal(mu, log_std.exp())
        u = dist.rsample()
        a = torch.tanh(u)
        logp = dist.log_prob(u).sum(-1) - torch.log(1 - a.pow(2) + 1e-6).sum(-1) if with_logprob else None
        a *= self.act_limit
        return a, logp


actor, critic = SquashedGaussianActor(3, 2, 2.0), nn.Linear(5, 1)
obs = torch.randn(8, 3)
a, logp = actor(obs)
loss = (0.2 * logp - critic(torch.cat([obs, a], 1)).squeeze(-1)).mean()
loss.backward()
