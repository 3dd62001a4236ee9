import torch


def write(a=None, b=None):
    b[0] = 1.0


def run(kw):
    a = torch.rand(4)
    a.requires_grad_()
    write(a=a, **kw)


run({"b": torch.rand(4)})
