import torch


def run(names):
    d = {n: torch.rand(4) for n in names}
    a = d.pop(names[0])
    a.requires_grad_()
    for v in d.values():
        v[0] = 1.0


run(["a", "b"])
