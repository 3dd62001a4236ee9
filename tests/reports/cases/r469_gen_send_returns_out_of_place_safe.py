# class: safe-generator
import torch
import torch.nn as nn


def ema(decay):
    value = yield
    while True:
        new = yield value
        value = decay * value + (1 - decay) * new.detach()


torch.manual_seed(0)
net = nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 1))
opt = torch.optim.SGD(net.parameters(), lr=0.1)
tracker = ema(0.9)
next(tracker)
baseline = tracker.send(torch.zeros(()))
for _ in range(3):
    r = net(torch.randn(5, 3)).mean()
    loss = (r - baseline).pow(2)
    opt.zero_grad()
    loss.backward()
    opt.step()
    baseline = tracker.send(r)
