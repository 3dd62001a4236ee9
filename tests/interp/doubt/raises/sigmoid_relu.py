import torch
from torch import nn


def run(n):
    l = nn.Sequential(nn.Linear(4, 4), nn.Sigmoid(), nn.ReLU(inplace=True))
    l(torch.rand(2, 4)).sum().backward()


run(4)
