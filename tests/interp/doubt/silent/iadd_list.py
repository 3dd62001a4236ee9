import torch


def run(n):
    x = torch.rand(4, requires_grad=True)
    xs = [x.exp()]
    ys = xs
    ys += [x.exp()]
    sum(y.sum() for y in xs).backward()


run(2)
