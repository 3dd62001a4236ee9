import torch


def run(names):
    d = {n: torch.rand(4) for n in names}
    for n in names:
        d[n][0] = 1.0
        d[n].requires_grad_()


run(["a", "b"])
