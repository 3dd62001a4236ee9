import torch


def run(m):
    x = torch.rand(4, 4, requires_grad=True)
    v, i = x.max(dim=1)
    v += 1
    v.sum().backward()


run(1)
