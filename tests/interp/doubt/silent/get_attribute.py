import torch


class M:
    def __init__(self):
        self.a, self.b = torch.rand(4), torch.rand(4)


def run(n, m):
    o = M()
    getattr(o, n).requires_grad_()
    getattr(o, m)[0] = 1.0


run("a", "b")
