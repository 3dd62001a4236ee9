# class: activation-then-inplace
import torch
import torch.nn as nn


class Lambda(nn.Module):
    def __init__(self, fn):
        super().__init__()
        self.fn = fn

    def forward(self, x):
        return self.fn(x)


layers = {
    "flatten": Lambda(lambda t: t.view(t.size(0), -1)),
    "act": Lambda(torch.sigmoid),
    "clip": Lambda(lambda t: t.clamp_(0.1, 0.9)),
}
torch.manual_seed(0)
net = nn.Sequential(nn.Conv1d(1, 2, 3), layers["flatten"], nn.Linear(8, 4), layers["act"], layers["clip"], nn.Linear(4, 1))
loss = net(torch.randn(3, 1, 6)).pow(2).mean()
loss.backward()
