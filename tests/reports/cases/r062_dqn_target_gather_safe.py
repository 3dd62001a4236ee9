# class: safe-data-prep
import random
from collections import deque, namedtuple

import torch
import torch.nn as nn

Transition = namedtuple("Transition", ("state", "action", "next_state", "reward"))
torch.manual_seed(0)


class ReplayMemory(object):
    def __init__(self, capacity):
        self.memory = deque([], maxlen=capacity)

    def push(self, *args):
        self.memory.append(Transition(*args))

    def sample(self, batch_size):
        return random.sample(self.memory, batch_size)

    def __len__(self):
        return len(self.memory)


policy_net, target_net = nn.Linear(4, 2), nn.Linear(4, 2)
target_net.load_state_dict(policy_net.state_dict())
optimizer = torch.optim.AdamW(policy_net.parameters(), lr=1e-4, amsgrad=True)
memory = ReplayMemory(50)
for i in range(12):
    nxt = None if i % 4 == 3 else torch.randn(1, 4)
    memory.push(torch.randn(1, 4), torch.tensor([[i % 2]]), nxt, torch.tensor([float(i)]))


def optimize_model(bs=6):
    if len(memory) < bs:
        return
    batch = Transition(*zip(*memory.sample(bs)))
    non_final = torch.tensor(tuple(map(lambda s: s is not None, batch.next_state)), dtype=torch.bool)
    q = policy_net(torch.cat(batch.state)).gather(1, torch.cat(batch.action))
    next_values = torch.zeros(bs)
    with torch.no_grad():
        next_values[non_final] = target_net(torch.cat([s for s in batch.next_state if s is not None])).max(1).values
    expected = next_values * 0.99 + torch.cat(batch.reward)
    loss = nn.SmoothL1Loss()(q, expected.unsqueeze(1))
    optimizer.zero_grad()
    loss.backward()
    torch.nn.utils.clip_grad_value_(policy_net.parameters(), 100)
    optimizer.step()
    sd = target_net.state_dict()
    for key in policy_net.state_dict():
        sd[key] = policy_net.state_dict()[key] * 0.005 + sd[key] * 0.995
    target_net.load_state_dict(sd)


optimize_model()
optimize_model()
