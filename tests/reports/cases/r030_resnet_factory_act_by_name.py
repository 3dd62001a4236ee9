# class: activation-then-inplace
import torch
from torch import nn


class BasicBlock(nn.Module):
    def __init__(self, channels, act="ReLU"):
        super().__init__()
        self.conv1 = nn.Conv2d(channels, channels, 3, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(channels)
        self.gate = nn.Conv2d(channels, channels, 1)
        self.act = getattr(nn, act)(inplace=True)

    def forward(self, x):
        out = self.bn1(self.conv1(x))
        g = torch.sigmoid(self.gate(x))
        out = out * g
        self.act(g)
        return out + x


def make_stage(n, channels):
    return nn.Sequential(*[BasicBlock(channels) for _ in range(n)])


if __name__ == "__main__":
    torch.manual_seed(0)
    net = nn.Sequential(nn.Conv2d(3, 4, 3), make_stage(2, 4), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(4, 2))
    criterion = nn.CrossEntropyLoss()
    loss = criterion(net(torch.randn(2, 3, 8, 8)), torch.tensor([0, 1]))
    loss.backward()
