import torch


def run(n):
    xs = [torch.rand(4) for _ in range(n)]
    for x in xs:
        x.requires_grad_()
    for x in xs:
        x[0] = 1.0


run(3)
