# class: safe-python
import functools
import operator

import torch
import torch.nn as nn

torch.manual_seed(0)
acts = {
    "relu": functools.partial(nn.ReLU, inplace=True),
    "leaky": lambda: nn.LeakyReLU(0.1, inplace=True),
    "none": nn.Identity,
}


def block(cin, cout, act="relu", norm=True):
    mods = [nn.Conv1d(cin, cout, 3, padding=1)]
    mods += [nn.BatchNorm1d(cout)] if norm else []
    return nn.Sequential(*mods, acts[act]())


net = functools.reduce(lambda f, g: nn.Sequential(f, g), [block(1, 2), block(2, 3, "leaky"), block(3, 1, "none", norm=False)])
x = torch.randn(2, 1, 5)
terms = list(map(lambda k: net(x * k).abs().mean(), (1.0, 0.5)))
loss = functools.reduce(operator.add, terms)
loss.backward()
