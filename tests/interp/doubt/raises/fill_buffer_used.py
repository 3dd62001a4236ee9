import torch


def run(n):
    out = torch.zeros(n, 4)
    w = torch.rand(4, requires_grad=True)
    for i in range(1, n):
        out[i] = out[i - 1] * w
    out.sum().backward()


run(4)
