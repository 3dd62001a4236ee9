import torch


def run(y):
    w = torch.rand(4, 4, requires_grad=True)
    v = y.contiguous()
    l = (w * y).sum()
    v.mul_(2)
    l.backward()


run(torch.rand(4, 4).t())
