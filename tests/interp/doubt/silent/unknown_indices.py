import torch


def run(n, which):
    xs = [torch.rand(4) for _ in range(n)]
    for i in which:
        xs[i][0] = 1.0
        xs[i].requires_grad_()


run(3, [0, 1, 2])
