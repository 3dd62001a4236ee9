# class: leaf-inplace
import torch
import torch.nn as nn
from torch.distributions import Normal
from torch.utils.data import BatchSampler, SubsetRandomSampler

torch.manual_seed(0)


class Actor(nn.Module):
    def __init__(self, s_dim=3, a_dim=2):
        super().__init__()
        self.mean = nn.Sequential(nn.Linear(s_dim, 16), nn.Tanh(), nn.Linear(16, a_dim))
        self.log_std = nn.Parameter(torch.zeros(1, a_dim))

    def get_dist(self, s):
        mean = torch.tanh(self.mean(s))
        std = self.log_std.clamp_(-5, 2).exp()
        return Normal(mean, std.expand_as(mean))


class PPO:
    def __init__(self, batch_size=8, mini=4):
        self.batch_size, self.mini = batch_size, mini
        self.actor = Actor()
        self.optimizer = torch.optim.Adam(self.actor.parameters(), lr=3e-4, eps=1e-5)

    def update(self, s, a, adv):
        with torch.no_grad():
            old = self.actor.get_dist(s).log_prob(a).sum(1, keepdim=True)
        for index in BatchSampler(SubsetRandomSampler(range(self.batch_size)), self.mini, False):
            dist = self.actor.get_dist(s[index])
            ratio = (dist.log_prob(a[index]).sum(1, keepdim=True) - old[index]).exp()
            loss = -torch.min(ratio * adv[index], ratio.clamp(0.8, 1.2) * adv[index]).mean()
            self.optimizer.zero_grad()
            loss.backward()
            self.optimizer.step()


PPO().update(torch.randn(8, 3), torch.randn(8, 2), torch.randn(8, 1))
