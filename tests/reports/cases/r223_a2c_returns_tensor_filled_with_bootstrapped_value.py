# class: recurrence-buffer
import torch
import torch.nn as nn


class AC(nn.Module):
    def __init__(self):
        super().__init__()
        self.base = nn.Linear(3, 6)
        self.actor, self.critic = nn.Linear(6, 2), nn.Linear(6, 1)

    def forward(self, x):
        h = torch.relu(self.base(x))
        return self.actor(h), self.critic(h).squeeze(-1)


def n_step_returns(rewards, values, last, gamma=0.9):
    T = len(rewards)
    returns = torch.zeros(T + 1)
    returns[-1] = last
    for t in range(T - 1, -1, -1):
        returns[t] = rewards[t] + gamma * returns[t + 1] * values[t].sigmoid()
    return returns[:-1]


torch.manual_seed(0)
net = AC()
obs, rewards, actions = torch.randn(5, 3), torch.rand(4), torch.randint(0, 2, (4,))
logits, values = net(obs)
ret = n_step_returns(rewards, values[:-1], values[-1])
logp = logits[:-1].log_softmax(-1)[torch.arange(4), actions]
adv = ret - values[:-1]
loss = -(logp * adv.detach()).mean() + adv.pow(2).mean()
loss.backward()
