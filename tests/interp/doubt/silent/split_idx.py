import torch


def run(n):
    xs = [torch.rand(4) for _ in range(4)]
    for x in xs[:n]:
        x.requires_grad_()
    for x in xs[n:]:
        x[0] = 1.0


run(2)
