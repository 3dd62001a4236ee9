# class: data-write-in-graph
import torch
import torch.nn as nn


class ClippedMLP(nn.Module):
    def __init__(self, clip=0.5):
        super().__init__()
        self.fc1, self.fc2, self.clip = nn.Linear(3, 6), nn.Linear(6, 1), clip

    def forward(self, x):
        h = self.fc1(x)
        h.data.clamp_(-self.clip, self.clip)
        h = h * h
        return self.fc2(h)


torch.manual_seed(0)
net = ClippedMLP()
net(torch.randn(5, 3) * 3).sum().backward()
