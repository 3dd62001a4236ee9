import torch


def run(n):
    a, b = torch.rand(4), torch.rand(4)
    for t in [a, b][:n]:
        t[0] = 1.0
        t.requires_grad_()


run(2)
