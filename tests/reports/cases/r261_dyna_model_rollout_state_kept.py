# class: hidden-state-not-detached
import torch
import torch.nn as nn


class Env:
    """Differentiable environment that remembers its state."""

    def __init__(self, dyn):
        self.dyn, self.state = dyn, torch.zeros(1, 3)

    def reset(self):
        self.state = torch.zeros(1, 3)
        return self.state

    def step(self, action):
        self.state = torch.tanh(self.dyn(torch.cat([self.state, action], -1)))
        return self.state, -self.state.pow(2).sum()


torch.manual_seed(0)
dyn, actor = nn.Linear(5, 3), nn.Linear(3, 2)
env = Env(dyn.requires_grad_(False))
opt = torch.optim.Adam(actor.parameters(), 1e-2)
obs = env.reset()
for t in range(4):
    obs, reward = env.step(actor(obs))
    loss = -reward
    opt.zero_grad()
    loss.backward()
    opt.step()
