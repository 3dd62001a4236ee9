import torch


def run(i, j):
    xs = (torch.rand(4), torch.rand(4))
    xs[i].requires_grad_()
    xs[j][0] = 1.0


run(0, 1)
