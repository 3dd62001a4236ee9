import torch


def run(x):
    w = torch.rand(4, requires_grad=True)
    y = (w * x).half()
    z = y.exp()
    q = z.float()
    q.mul_(2)
    z.sum().backward()


run(torch.rand(4))
