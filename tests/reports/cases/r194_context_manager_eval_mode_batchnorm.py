# class: buffer-updated-between-passes
import contextlib

import torch
import torch.nn as nn


@contextlib.contextmanager
def evaluating(net):
    was = net.training
    try:
        net.eval()
        yield net
    finally:
        net.train(was)


torch.manual_seed(0)
net = nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4), nn.Tanh(), nn.Linear(4, 1))
bn = net[1]
x = torch.randn(8, 3)
with evaluating(net):
    clean = net(x)
noisy = net(x + 0.1 * torch.randn_like(x))
bn.running_mean.mul_(0.5)
loss = (clean - noisy).pow(2).mean()
loss.backward()
