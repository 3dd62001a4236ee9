import torch


class V:
    def __init__(self, t):
        self.t = t

    def __iadd__(self, o):
        self.t += o
        return self


def run(n):
    x = torch.rand(4, requires_grad=True)
    v = V(x.exp())
    v += 1
    v.t.sum().backward()


run(2)
