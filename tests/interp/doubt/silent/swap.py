import torch


def run(i, j):
    xs = [torch.rand(4), torch.rand(4)]
    a = xs[0]
    a.requires_grad_()
    xs[i], xs[j] = xs[j], xs[i]
    xs[0][0] = 1.0


run(0, 1)
