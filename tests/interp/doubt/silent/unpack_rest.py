import torch


def run(n):
    xs = [torch.rand(4) for _ in range(n)]
    a, *rest = xs
    a.requires_grad_()
    rest[0][0] = 1.0


run(3)
