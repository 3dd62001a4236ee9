import torch


class T(torch.Tensor):
    def add_(self, o):
        return self + o


def run(n):
    x = torch.rand(4, requires_grad=True)
    t = x.as_subclass(T)
    t.add_(1).sum().backward()


run(2)
