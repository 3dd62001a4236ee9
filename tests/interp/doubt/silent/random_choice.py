import random

import torch


def run():
    xs = [torch.rand(4), torch.rand(4)]
    random.seed(0)
    x = random.choice(xs)
    y = xs[0] if x is xs[1] else xs[1]
    x.requires_grad_()
    y[0] = 1.0


run()
