import torch


class B:
    pass


def run(name):
    b = B()
    b.a = torch.rand(4)
    b.c = torch.rand(4)
    b.a.requires_grad_()
    setattr(b, name, torch.rand(4))
    b.a[0] = 1.0


run("a")
