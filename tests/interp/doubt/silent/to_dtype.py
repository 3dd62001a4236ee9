import torch


def run(dtype):
    w = torch.rand(4, requires_grad=True)
    y = w.exp()
    z = y.to(dtype)
    z.mul_(2)
    y.sum().backward()


run(torch.float64)
