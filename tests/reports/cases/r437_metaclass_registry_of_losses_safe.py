# class: safe-python
import torch
import torch.nn as nn
import torch.nn.functional as F


class LossMeta(type):
    registry = {}

    def __new__(mcs, name, bases, attrs):
        cls = super().__new__(mcs, name, bases, attrs)
        key = attrs.get("name")
        if key:
            mcs.registry[key] = cls
        return cls


class Loss(metaclass=LossMeta):
    name = None

    def __init__(self, weight=1.0):
        self.weight = weight

    def __call__(self, pred, y):
        return self.weight * self.compute(pred, y)


class MSE(Loss):
    name = "mse"

    def compute(self, pred, y):
        d = pred - y
        d = d.pow(2)
        d.clamp_(max=4.0)
        return d.mean()


class Huber(Loss):
    name = "huber"

    def compute(self, pred, y):
        return F.smooth_l1_loss(pred, y)


torch.manual_seed(0)
net = nn.Linear(3, 1)
losses = [LossMeta.registry[k](w) for k, w in (("huber", 0.5),)]
sum(l(net(torch.randn(4, 3)), torch.randn(4, 1)) for l in losses).backward()
