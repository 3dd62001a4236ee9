import torch


def run(n):
    x = torch.rand(4, requires_grad=True)
    y = x * 2
    y.mul_(3)
    z = y * y
    z.sum().backward()


run(2)
