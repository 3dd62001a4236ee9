import torch


def run(it):
    a = next(it)
    a.requires_grad_()
    b = next(it)
    b[0] = 1.0


run(iter([torch.rand(4), torch.rand(4)]))
