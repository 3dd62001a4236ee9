import torch


def run(n):
    x = torch.rand(4, requires_grad=True) * 1
    y = x.mean()
    x.zero_()
    y.backward()


run(2)
