import torch


def run(k):
    xs = [torch.rand(4), torch.rand(4)]
    first = xs[0]
    first.requires_grad_()
    xs.insert(k, torch.rand(4))
    xs[0][0] = 1.0


run(0)
