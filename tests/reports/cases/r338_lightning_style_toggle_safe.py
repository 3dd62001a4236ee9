# class: safe-gan
import torch
import torch.nn as nn
import torch.nn.functional as F


class Base(nn.Module):
    def toggle(self, *nets):
        for p in self.parameters():
            p.requires_grad_(False)
        for n in nets:
            for p in n.parameters():
                p.requires_grad_(True)


class WGAN(Base):
    def __init__(self, clip=0.01):
        super().__init__()
        self.gen = nn.Sequential(nn.Linear(2, 6), nn.LeakyReLU(0.2, inplace=True), nn.Linear(6, 3))
        self.critic = nn.Sequential(nn.Linear(3, 6), nn.LeakyReLU(0.2, inplace=True), nn.Linear(6, 1))
        self.clip = clip

    def fit(self, data, n_critic=2):
        go = torch.optim.RMSprop(self.gen.parameters(), lr=5e-5)
        co = torch.optim.RMSprop(self.critic.parameters(), lr=5e-5)
        for real in data:
            self.toggle(self.critic)
            for _ in range(n_critic):
                with torch.no_grad():
                    fake = self.gen(torch.randn(len(real), 2))
                loss = self.critic(fake).mean() - self.critic(real).mean()
                co.zero_grad()
                loss.backward()
                co.step()
                for p in self.critic.parameters():
                    p.data.clamp_(-self.clip, self.clip)
            self.toggle(self.gen)
            g_loss = -self.critic(self.gen(torch.randn(len(real), 2))).mean()
            go.zero_grad()
            g_loss.backward()
            go.step()


torch.manual_seed(0)
WGAN().fit([torch.randn(4, 3), torch.randn(4, 3)])
