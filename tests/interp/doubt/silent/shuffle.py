import random

import torch


def run(k):
    xs = [torch.rand(4), torch.rand(4)]
    first = xs[0]
    first.requires_grad_()
    random.seed(1)
    while xs[0] is first:
        random.shuffle(xs)
    xs[0][0] = 1.0


run(0)
