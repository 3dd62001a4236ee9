import torch


def run(register):
    x = torch.rand(4)
    fs = []

    def renew():
        nonlocal x
        x = torch.rand(4)

    fs.append(renew)
    x.requires_grad_()
    for f in fs:
        f()
    x[0] = 1.0


run(None)
