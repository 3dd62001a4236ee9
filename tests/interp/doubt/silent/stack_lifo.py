import torch


def run(n):
    xs = []
    for i in range(n):
        xs.append(torch.rand(4))
    a = xs.pop()
    b = xs.pop()
    a.requires_grad_()
    b[0] = 1.0


run(2)
