import torch


def run(x):
    w = torch.rand(4, 4, requires_grad=True)
    y = w.exp()
    y = y.transpose(0, 1)
    z = y.flatten()
    z.mul_(2)
    y.sum().backward()


run(1)
