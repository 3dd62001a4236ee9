import torch


def run(xs):
    ys = [torch.rand(4) for _ in xs]
    ys[0].requires_grad_()
    ys.reverse()
    ys[0][0] = 1.0


run([1, 2])
