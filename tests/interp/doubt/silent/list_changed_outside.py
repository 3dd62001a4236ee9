import torch


def run(refresh):
    xs = [torch.rand(4)]
    xs[0].requires_grad_()
    refresh(xs)
    xs[0][0] = 1.0


run(lambda xs: xs.__setitem__(0, torch.rand(4)))
