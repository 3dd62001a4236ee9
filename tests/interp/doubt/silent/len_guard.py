import torch


def run(xs):
    w = torch.rand(4, requires_grad=True)
    y = w.exp()
    if len(xs) > 1:
        y = y.clone()
    if len(xs) > 1:
        y.mul_(2)
    y.sum().backward()


run([1, 2])
