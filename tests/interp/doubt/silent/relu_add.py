import torch
import torch.nn.functional as F


def run(m):
    x = torch.rand(4, requires_grad=True)
    y = F.relu(x * 2)
    y = y + 1
    y.mul_(2)
    y.sum().backward()


run(1)
