import torch


def run(p):
    p[0].requires_grad_()
    p[0][0] = 1.0


class P:
    def __getitem__(self, i):
        return torch.rand(4)


run(P())
