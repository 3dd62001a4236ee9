import torch


def run(k):
    d = {0: torch.rand(4), 1: torch.rand(4)}
    d[k] = torch.rand(4, requires_grad=True)
    d[0][0] = 1.0


run(1)
