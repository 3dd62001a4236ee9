import torch


def run(k):
    xs = [torch.rand(4), torch.rand(4)]
    lo = min(xs, key=lambda t: t.sum())
    hi = max(xs, key=lambda t: t.sum())
    lo.requires_grad_()
    hi[0] = 1.0


run(1)
