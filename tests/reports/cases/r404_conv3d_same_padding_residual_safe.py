# class: safe-conv
import torch
import torch.nn as nn


class Res3d(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.c1 = nn.Conv3d(c, c, 3, padding="same", bias=False)
        self.b1 = nn.BatchNorm3d(c)
        self.c2 = nn.Conv3d(c, c, 3, padding="same", bias=False)
        self.b2 = nn.BatchNorm3d(c)
        self.act = nn.ELU(inplace=True)

    def forward(self, x):
        y = self.act(self.b1(self.c1(x)))
        y = self.b2(self.c2(y))
        y += x
        return self.act(y)


torch.manual_seed(0)
net = nn.Sequential(nn.Conv3d(1, 2, 1), Res3d(2), Res3d(2))
net(torch.randn(1, 1, 3, 3, 3)).mean().backward()
