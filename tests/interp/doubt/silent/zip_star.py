import torch


def run(n):
    rows = [(torch.rand(4), torch.rand(4)) for _ in range(n)]
    a, b = zip(*rows)
    for x in a:
        x.requires_grad_()
    for x in b:
        x[0] = 1.0


run(3)
