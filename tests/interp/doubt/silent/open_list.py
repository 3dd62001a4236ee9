import torch


def run(n, i, j):
    xs = []
    for _ in range(n):
        xs.append(torch.rand(4))
    xs[i].requires_grad_()
    xs[j][0] = 1.0


run(2, 0, 1)
