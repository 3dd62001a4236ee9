# class: same-graph-twice
import torch
import torch.nn as nn
from torch.distributions import Categorical

torch.manual_seed(0)


class ActorCritic(nn.Module):
    def __init__(self):
        super().__init__()
        self.body = nn.Linear(4, 16)
        self.pi = nn.Linear(16, 2)
        self.v = nn.Linear(16, 1)

    def forward(self, s):
        h = torch.tanh(self.body(s))
        return Categorical(logits=self.pi(h)), self.v(h).squeeze(-1)


class RolloutBuffer:
    def __init__(self):
        self.states, self.actions, self.logprobs, self.rewards = [], [], [], []

    def clear(self):
        for l in (self.states, self.actions, self.logprobs, self.rewards):
            del l[:]


policy = ActorCritic()
optimizer = torch.optim.Adam(policy.parameters(), lr=3e-4)
buffer = RolloutBuffer()
state = torch.randn(4)
for t in range(6):
    dist, _ = policy(state)
    action = dist.sample()
    buffer.states.append(state)
    buffer.actions.append(action)
    buffer.logprobs.append(dist.log_prob(action))
    buffer.rewards.append(float(t % 2))
    state = torch.randn(4)

returns = torch.tensor(buffer.rewards).flip(0).cumsum(0).flip(0)
states, actions = torch.stack(buffer.states), torch.stack(buffer.actions)
old_logprobs = torch.stack(buffer.logprobs)
for epoch in range(3):
    dist, values = policy(states)
    adv = returns - values.detach()
    ratio = torch.exp(dist.log_prob(actions) - old_logprobs)
    surr = torch.min(ratio * adv, ratio.clamp(0.8, 1.2) * adv)
    loss = -surr.mean() + 0.5 * (values - returns).pow(2).mean()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
buffer.clear()
