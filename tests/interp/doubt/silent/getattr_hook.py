import torch


class P:
    def __getattr__(self, name):
        return torch.rand(4)


def run(p):
    p.x.requires_grad_()
    p.x[0] = 1.0


run(P())
