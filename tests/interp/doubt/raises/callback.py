import torch


def run(n):
    w = torch.rand(4, requires_grad=True)
    y = w.exp()
    fs = []
    fs.append(lambda: y.mul_(2))
    for f in fs:
        f()
    y.sum().backward()


run(1)
