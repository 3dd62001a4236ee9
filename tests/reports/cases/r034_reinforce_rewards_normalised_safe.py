# class: safe-data-prep
import math
from collections import deque

import torch
import torch.nn as nn

torch.manual_seed(0)
policy = nn.Sequential(nn.Linear(4, 8), nn.Dropout(p=0.6), nn.ReLU(), nn.Linear(8, 2), nn.Softmax(dim=-1))
optimizer = torch.optim.Adam(policy.parameters(), lr=1e-2)
eps = 1e-8


def select_action(state, saved):
    probs = policy(state)
    m = torch.distributions.Categorical(probs)
    a = m.sample()
    saved.append(m.log_prob(a))
    return a.item()


def finish_episode(saved, rewards):
    R, returns = 0, deque()
    for r in rewards[::-1]:
        R = r + 0.99 * R
        returns.appendleft(R)
    returns = torch.tensor(returns)
    returns -= returns.mean()
    returns /= returns.std() + eps
    policy_loss = []
    for lp, R in zip(saved, returns):
        policy_loss.append(-lp * R)
    optimizer.zero_grad()
    loss = torch.stack(policy_loss).sum()
    loss.backward()
    optimizer.step()
    return loss.item()


for i_episode in range(2):
    saved, rewards = [], []
    for t in range(1, 5):
        act = select_action(torch.randn(1, 4), saved)
        rewards.append(math.sin(t) + act)
    finish_episode([s.squeeze() for s in saved], rewards)
