import torch
from torch import nn


class Net(nn.Module):
    def __init__(self, n):
        super().__init__()
        self.layers = nn.ModuleList([nn.Linear(4, 4) for _ in range(n)])
        self.state = [torch.zeros(2, 4) for _ in range(n)]

    def forward(self, x):
        for i, l in enumerate(self.layers):
            x = l(x) * self.state[i]
        for s in self.state:
            pass
        return x

    def reset(self):
        for i in range(len(self.state)):
            self.state[i] = torch.zeros(2, 4)
        for s in self.state:
            s.add_(1)


def run(n):
    net = Net(n)
    y = net(torch.rand(2, 4)).sum()
    net.reset()
    y.backward()


run(3)
