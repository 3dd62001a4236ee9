# class: safe-batchnorm
import torch
import torch.nn as nn
from contextlib import contextmanager


@contextmanager
def evaluating(net):
    was = net.training
    try:
        net.eval()
        yield net
    finally:
        if was:
            net.train()


torch.manual_seed(0)
net = nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4, momentum=0.2), nn.ReLU(inplace=True), nn.Linear(4, 2))
opt = torch.optim.Adam(net.parameters())
for _ in range(2):
    x = torch.randn(6, 3)
    with evaluating(net), torch.no_grad():
        soft = net(x).softmax(-1)
    logp = net(x + 0.1 * torch.randn_like(x)).log_softmax(-1)
    loss = -(soft * logp).sum(-1).mean()
    opt.zero_grad()
    loss.backward()
    opt.step()
