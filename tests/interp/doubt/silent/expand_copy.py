import torch


def run(n):
    x = torch.rand(1, 4, requires_grad=True)
    y = x.expand(3, 4).clone()
    y[0] = 0
    y.sum().backward()


run(1)
