# class: view-of-leaf
import torch
import torch.nn as nn


class EqualizedConv(nn.Module):
    def __init__(self, i, o, k):
        super().__init__()
        self.weight = nn.Parameter(torch.randn(o, i, k, k))
        self.mask_center()

    def mask_center(self):
        c = self.weight.size(-1) // 2
        self.weight[:, :, c, c + 1 :] = 0
        self.weight[:, :, c + 1 :] = 0

    def forward(self, x):
        return nn.functional.conv2d(x, self.weight, padding=1)


torch.manual_seed(0)
net = nn.Sequential(EqualizedConv(1, 2, 3), nn.ReLU(), nn.Conv2d(2, 1, 1))
net(torch.randn(1, 1, 5, 5)).sum().backward()
