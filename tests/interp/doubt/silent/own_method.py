import torch


class Meter:
    def __init__(self):
        self.s = 0

    def add_(self, x):
        self.s = self.s + x


def run(n):
    x = torch.rand(4, requires_grad=True)
    y = x.exp()
    m = Meter()
    m.add_(y)
    y.sum().backward()


run(2)
