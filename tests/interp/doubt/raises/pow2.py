import torch


def run(n):
    x = torch.rand(4, requires_grad=True) * 1
    y = x.pow(2)
    x.zero_()
    y.sum().backward()


run(2)
