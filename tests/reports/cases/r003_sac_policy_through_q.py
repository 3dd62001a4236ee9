# class: optimizer-step-between
import torch
import torch.nn as nn
import torch.nn.functional as F
from torch.distributions import Normal

torch.manual_seed(3)


def mlp(sizes, act=nn.ReLU):
    layers = []
    for i in range(len(sizes) - 1):
        layers += [nn.Linear(sizes[i], sizes[i + 1])]
        if i < len(sizes) - 2:
            layers += [act()]
    return nn.Sequential(*layers)


class SAC:
    def __init__(self, obs=4, act=2):
        self.actor = mlp([obs, 16, act])
        self.q = mlp([obs + act, 16, 1])
        self.actor_opt = torch.optim.Adam(self.actor.parameters(), lr=3e-4)
        self.q_opt = torch.optim.Adam(self.q.parameters(), lr=3e-4)
        self.alpha = 0.2

    def update(self, obs, act, target):
        q_loss = F.mse_loss(self.q(torch.cat([obs, act], -1)), target)
        dist = Normal(self.actor(obs), 1.0)
        new_act = dist.rsample()
        logp = dist.log_prob(new_act).sum(-1, keepdim=True)
        pi_loss = (self.alpha * logp - self.q(torch.cat([obs, new_act], -1))).mean()

        self.q_opt.zero_grad()
        q_loss.backward()
        self.q_opt.step()

        self.actor_opt.zero_grad()
        pi_loss.backward()
        self.actor_opt.step()


agent = SAC()
agent.update(torch.randn(8, 4), torch.randn(8, 2), torch.randn(8, 1))
