import torch


def run(n):
    w = torch.rand(4, requires_grad=True)
    ys = []
    for _ in range(n):
        ys.append(w.exp())
    ys[-1].mul_(2)
    ys[-1].sum().backward()


run(3)
