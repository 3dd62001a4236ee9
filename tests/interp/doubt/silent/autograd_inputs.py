import torch


def run(m):
    x = torch.rand(4, requires_grad=True)
    w = torch.rand(4, requires_grad=True)
    y = x.exp()
    z = (y + w).sum()
    y.mul_(2)
    torch.autograd.grad(z, [w])


run(1)
