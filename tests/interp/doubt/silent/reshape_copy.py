import torch


def run(n):
    x = torch.rand(4, 4, requires_grad=True)
    y = x.exp()
    z = y.t().reshape(-1)
    z.mul_(2)
    y.sum().backward()


run(1)
