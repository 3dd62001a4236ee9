import torch


def run(n):
    xs = [torch.rand(4) for _ in range(n)]
    for x, y in zip(xs, xs[1:]):
        y[0] = 1.0
        x.requires_grad_()


run(3)
