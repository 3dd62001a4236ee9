import torch


def run(make):
    a = make()[0]
    a.requires_grad_()
    b = make()[0]
    b[0] = 1.0


run(lambda: [torch.rand(4)])
