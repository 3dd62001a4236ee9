import torch


def run(n):
    x = torch.rand(4, requires_grad=True)
    y = x.exp()
    s = y.shape[0]
    s += 1
    y.sum().backward()


run(2)
