import torch


def run(n):
    a, b = torch.rand(4), torch.rand(4)
    xs = [a, b][n:]
    xs[0].requires_grad_()
    ys = [a, b][:n]
    ys[0][0] = 1.0


run(1)
