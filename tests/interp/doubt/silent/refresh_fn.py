import torch


def run(box, refresh):
    box.a.requires_grad_()
    refresh(box)
    box.a[0] = 1.0


class B:
    pass


b = B()
b.a = torch.rand(4)


def fresh(x):
    x.a = torch.rand(4)


run(b, fresh)
