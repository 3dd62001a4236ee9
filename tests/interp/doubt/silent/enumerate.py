import torch


def run(n):
    xs = [torch.rand(4) for _ in range(n)]
    for i, x in enumerate(xs):
        if i == 0:
            x.requires_grad_()
        else:
            x[0] = 1.0


run(3)
