# class: saved-input-inplace
import torch
import torch.nn as nn


class Registered(type):
    table = {}

    def __init__(cls, name, bases, ns):
        super().__init__(name, bases, ns)
        Registered.table[name.lower()] = cls


class Base(metaclass=Registered):
    def __init__(self, cap):
        self.cap = cap


class CappedSquares(Base):
    def __call__(self, pred, y):
        d = pred - y
        sq = d * d
        d.clamp_(-self.cap, self.cap)
        return sq.mean() + d.abs().mean()


torch.manual_seed(0)
net = nn.Linear(3, 1)
crit = Registered.table["cappedsquares"](0.5)
crit(net(torch.randn(4, 3)), torch.randn(4, 1)).backward()
