import torch


def run(make):
    a, b = make(), make()
    a.requires_grad_()
    b[0] = 1.0


run(lambda: torch.rand(4))
