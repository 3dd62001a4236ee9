import torch


def run(n):
    out = torch.zeros(n, 4)
    w = torch.rand(4, requires_grad=True)
    for i in range(n):
        out[i] = w * i
    out.sum().backward()


run(3)
