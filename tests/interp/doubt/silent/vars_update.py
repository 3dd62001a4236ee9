import torch


class B:
    pass


def run(new):
    b = B()
    b.a = torch.rand(4)
    b.a.requires_grad_()
    vars(b).update(new)
    b.a[0] = 1.0


run({"a": torch.rand(4)})
