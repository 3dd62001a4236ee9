import torch


def run(m):
    x = torch.rand(4, requires_grad=True)
    w = torch.rand(4, requires_grad=True)
    y = x.exp()
    z = w.exp()
    y.mul_(2)
    z.sum().backward()


run(1)
