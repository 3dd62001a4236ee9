import torch
from torch import nn


def run(n):
    l = nn.Sequential(
        nn.Conv2d(3, 4, 3),
        nn.BatchNorm2d(4),
        nn.ReLU(inplace=True),
        nn.MaxPool2d(2),
        nn.Dropout2d(0.1, inplace=True),
    )
    l(torch.rand(2, 3, 9, 9)).sum().backward()


run(4)
