import torch


def run(k):
    d = {0: torch.rand(4), 1: torch.rand(4)}
    a = d.pop(k)
    a.requires_grad_()
    for t in d.values():
        t[0] = 1.0


run(0)
