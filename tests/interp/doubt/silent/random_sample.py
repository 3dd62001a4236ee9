import random

import torch


def run(k):
    xs = [torch.rand(4), torch.rand(4)]
    p, q = random.sample(xs, 2)
    p.requires_grad_()
    q[0] = 1.0


run(1)
