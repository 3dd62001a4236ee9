import torch


def run(p):
    p.x.requires_grad_()
    p.x[0] = 1.0


class P:
    @property
    def x(self):
        return torch.rand(4)


run(P())
