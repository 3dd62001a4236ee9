import torch


def run(i, j):
    xs = [torch.rand(4), torch.rand(4), torch.rand(4)]
    a = xs.pop(i)
    a.requires_grad_()
    b = xs.pop(j)
    b[0] = 1.0


run(0, 1)
