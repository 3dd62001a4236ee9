import torch


def write(a, b):
    b[0] = 1.0


def run(args):
    a = torch.rand(4)
    a.requires_grad_()
    write(*args, a) if len(args) == 0 else write(a, *args)


run([torch.rand(4)])
