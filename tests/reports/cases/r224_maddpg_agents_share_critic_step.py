# class: optimizer-step-between
import torch
import torch.nn as nn


class Agent:
    def __init__(self, idx, critic, lr=1e-2):
        self.idx = idx
        self.actor = nn.Sequential(nn.Linear(3, 6), nn.ReLU(), nn.Linear(6, 1), nn.Tanh())
        self.critic = critic
        self.actor_opt = torch.optim.Adam(self.actor.parameters(), lr=lr)

    def act(self, obs):
        return self.actor(obs)


class MADDPG:
    def __init__(self, n=2):
        self.critic = nn.Sequential(nn.Linear(3 * n + n, 8), nn.ReLU(), nn.Linear(8, n))
        self.critic_opt = torch.optim.Adam(self.critic.parameters(), lr=1e-2)
        self.agents = [Agent(i, self.critic) for i in range(n)]

    def update(self, obs, rew):
        acts = [ag.act(obs[:, i]) for i, ag in enumerate(self.agents)]
        joint = torch.cat([obs.flatten(1), *acts], dim=1)
        q = self.critic(joint)
        critic_loss = (q - rew).pow(2).mean()
        self.critic_opt.zero_grad()
        critic_loss.backward(retain_graph=True)
        self.critic_opt.step()
        for i, ag in enumerate(self.agents):
            ag.actor_opt.zero_grad()
            (-q[:, i].mean()).backward(retain_graph=True)
            ag.actor_opt.step()


torch.manual_seed(0)
MADDPG().update(torch.randn(4, 2, 3), torch.randn(4, 2))
