import torch


def run(i, j):
    d = {0: torch.rand(4), 1: torch.rand(4)}
    d.get(i).requires_grad_()
    d.get(j)[0] = 1.0


run(0, 1)
