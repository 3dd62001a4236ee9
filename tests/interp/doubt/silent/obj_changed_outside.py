import torch


class Box:
    pass


def run(refresh):
    b = Box()
    b.a = torch.rand(4)
    b.a.requires_grad_()
    refresh(b)
    b.a[0] = 1.0


def fresh(b):
    b.a = torch.rand(4)


run(fresh)
