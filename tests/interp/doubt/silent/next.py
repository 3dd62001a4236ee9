import torch


def run(k):
    it = iter([torch.rand(4) for _ in range(k)])
    a = next(it)
    a.requires_grad_()
    b = next(it)
    b[0] = 1.0


run(3)
