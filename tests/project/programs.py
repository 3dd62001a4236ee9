"""Small programs of two files for the session to be edited, and random edits of them."""

from __future__ import annotations

import random

MAIN = '''\
import torch
from torch import nn

from layers import Block, scale, LIMIT

STEPS = 3


class Net(nn.Module):
    """A net."""

    def __init__(self, width=4):
        super().__init__()
        self.block = Block(width)
        self.out = nn.Linear(width, 1)

    def forward(self, x):
        h = self.block(x)
        h = torch.relu(h)
        h += 1
        return self.out(h)


def first(x):
    y = x.exp()
    y.add_(1)
    return y.sum()


def second():
    w = torch.randn(3, requires_grad=True)
    y = w.sigmoid()
    y.mul_(2)  # gradsafe: ignore
    y.sum().backward()


def train(net, data):
    for step in range(STEPS):
        loss = net(data).sum()
        loss.backward()


w = torch.randn(3, requires_grad=True)
first(w)
z = scale(w.tanh())
if LIMIT > 2:
    z.add_(1)
z.sum().backward()
'''

LAYERS = """\
import torch
from torch import nn

LIMIT = 4


def scale(x, by=2):
    x.mul_(by)
    return x


class Block(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.linear = nn.Linear(width, width)
        self.act = nn.ReLU(inplace=True)

    def forward(self, x):
        y = self.linear(x)
        s = torch.sigmoid(y)
        s.add_(1)
        return self.act(s)
"""

TYPED = [
    "\n", " ", "    ", "x", "(", ")", "[", "]", ":", "'", '"""', "#", "\\", "=", ".", ",", "@",
    "    y.add_(1)\n", "    y = y.exp()\n", "w.requires_grad_(False)\n", "import os\n", "def first(x):\n    return x\n",
    "z = z.clone()\n", "    if x:\n        y.zero_()\n", "    return y\n", "with torch.no_grad():\n    w.add_(1)\n",
    "from layers import *\n", "LIMIT = 1\n", "  # gradsafe: ignore\n", "# gradsafe: ignore-file\n", "global w\n",
    "for i in range(2):\n    w.mul_(2)\n", "class Net:\n    pass\n", "x.detach().zero_()\n", "    y.backward()\n",
]  # fmt: skip


def edited(text: str, rng: random.Random) -> str:
    """``text`` after something was typed, deleted, pasted, moved or replaced."""
    lines = text.splitlines(keepends=True)
    at = rng.randrange(len(text) + 1)
    row = rng.randrange(len(lines)) if lines else 0
    kind = rng.random()
    if kind < 0.35:
        typed = rng.choice(TYPED)
        start = sum(map(len, lines[:row])) if typed.endswith("\n") else at
        return text[:start] + typed + text[start:]
    if kind < 0.55:
        return text[:at] + text[at + rng.choice((1, 1, 4, 30)) :]
    if kind < 0.7 and lines:
        del lines[row]
        return "".join(lines)
    if kind < 0.85 and lines:
        copied = lines[row : row + rng.randrange(1, 6)]
        to = rng.randrange(len(lines) + 1)
        return "".join([*lines[:to], *copied, *lines[to:]])
    for old, new in rng.sample(
        [("exp", "sin"), ("add_", "add"), ("True", "False"), ("3", "2"), ("y", "x")], 5
    ):
        if old in text:
            return text.replace(old, new, 1)
    return text + "\n"
