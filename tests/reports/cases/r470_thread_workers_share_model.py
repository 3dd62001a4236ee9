# class: optimizer-step-between
import threading

import torch
import torch.nn as nn


class SharedModel(nn.Module):
    def __init__(self):
        super().__init__()
        self.body = nn.Linear(3, 8)
        self.pi, self.v = nn.Linear(8, 2), nn.Linear(8, 1)

    def forward(self, x):
        h = torch.tanh(self.body(x))
        return self.pi(h), self.v(h)


torch.manual_seed(0)
model = SharedModel()
optimizer = torch.optim.RMSprop(model.parameters(), lr=1e-2)
logits, value = model(torch.randn(4, 3))


def worker(rank, steps):
    for _ in range(steps):
        _, v = model(torch.randn(4, 3))
        optimizer.zero_grad()
        v.pow(2).mean().backward()
        optimizer.step()


threads = []
for rank in range(1):
    t = threading.Thread(target=worker, args=(rank, 1))
    t.start()
    threads.append(t)
for t in threads:
    t.join()
policy_loss = -(logits.log_softmax(-1)[:, 0] * value.squeeze(1)).mean()
policy_loss.backward()
