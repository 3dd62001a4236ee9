import torch


def run(n):
    x = torch.rand(4, requires_grad=True) * 1
    m = torch.rand(4)
    y = m / 2 + x
    m += 1
    y.sum().backward()


run(2)
