import torch


def run(n):
    x = torch.rand(4, requires_grad=True) * 1
    y = x + 1
    y.sum()
    x.mul_(2)
    y.backward(torch.ones(4))


run(2)
