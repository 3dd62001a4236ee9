import torch


def run(x):
    w = torch.rand(4, requires_grad=True)
    y = w.exp()
    if isinstance(x, float):
        y = y.clone()
    if isinstance(x, (float,)):
        y.mul_(x)
    y.sum().backward()


run(2.0)
