import torch


def run(new):
    xs = [torch.rand(4)]
    xs[0].requires_grad_()
    xs = new + xs
    xs[0][0] = 1.0


run([torch.rand(4)])
