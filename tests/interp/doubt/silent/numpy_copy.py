import torch


def run(n):
    x = torch.rand(4, requires_grad=True)
    y = x.exp()
    a = y.detach().numpy().copy()
    a[0] = 5
    a += 1
    y.sum().backward()


run(2)
