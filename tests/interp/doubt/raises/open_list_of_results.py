import torch


def run(n):
    w = torch.rand(4, requires_grad=True)
    ys = [w.exp() for _ in range(n)]
    for y in ys:
        y.mul_(2)
    sum(y.sum() for y in ys).backward()


run(3)
