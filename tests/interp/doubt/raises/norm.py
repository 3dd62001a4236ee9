import torch


def run(n):
    x = torch.rand(4, requires_grad=True) * 1
    y = x / x.norm()
    x.zero_()
    y.sum().backward()


run(2)
