import torch


def run(k):
    xs = [torch.rand(4), torch.rand(4)]
    ys = sorted(xs, key=lambda t: t.sum())
    xs[0].requires_grad_()
    ys[0 if ys[0] is not xs[0] else 1][0] = 1.0


run(1)
