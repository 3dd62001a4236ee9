import torch


def run(names):
    d = {n: torch.rand(4) for n in names}
    for _n, t in d.items():
        t[0] = 1.0
        t.requires_grad_()


run(["a", "b"])
