import torch


def run(n):
    x = torch.rand(1, 4, requires_grad=True) * 1
    y = x.expand(3, 4)
    y.add_(1)
    y.sum().backward()


run(1)
