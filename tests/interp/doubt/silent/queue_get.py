import torch


def run(q):
    a = q.get()
    a.requires_grad_()
    b = q.get()
    b[0] = 1.0


class Q:
    def get(self):
        return torch.rand(4)


run(Q())
