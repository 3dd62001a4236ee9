import torch


def run(n):
    xs = [torch.rand(4) for _ in range(n)]
    prev = None
    for x in xs:
        x[0] = 1.0
        if prev is not None:
            prev.requires_grad_()
        prev = x


run(3)
