import torch


def run(n):
    xs = [torch.rand(4) for _ in range(n)]
    while xs:
        x = xs.pop()
        x[0] = 1.0
        x.requires_grad_()


run(3)
