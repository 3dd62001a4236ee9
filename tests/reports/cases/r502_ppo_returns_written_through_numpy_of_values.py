# class: numpy-write
import numpy as np
import torch
import torch.nn as nn

torch.manual_seed(0)
np.random.seed(0)
value_net = nn.Sequential(nn.Linear(3, 8), nn.Tanh(), nn.Linear(8, 1))
obs = torch.randn(5, 3)
rewards, dones = np.ones(5), np.array([0, 0, 1, 0, 1])
values = value_net(obs).squeeze(-1)
squashed = torch.sigmoid(values)
returns = squashed.detach().numpy()
gae = 0.0
for t in reversed(range(5)):
    gae = rewards[t] + 0.9 * gae * (1 - dones[t])
    returns[t] = gae
loss = (squashed - 0.3).pow(2).mean()
loss.backward()
