import torch


def run(n):
    x = torch.rand(4, requires_grad=True)
    y = x.exp()
    z = y[[0, 1]]
    z += 1
    y.sum().backward()


run(1)
