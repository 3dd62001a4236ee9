import torch


def run(new):
    xs = [torch.rand(4), torch.rand(4)]
    xs[0].requires_grad_()
    xs[:1] = new
    xs[0][0] = 1.0


run([torch.rand(4)])
