import torch


def run(k):
    xs = [torch.rand(4), torch.rand(4)]
    first = xs[0]
    del xs[k]
    first.requires_grad_()
    xs[0][0] = 1.0


run(0)
