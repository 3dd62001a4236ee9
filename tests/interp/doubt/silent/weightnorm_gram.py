import torch


def run(n):
    x = torch.rand(2, 3, 4, requires_grad=True) * 1
    b, c, m = x.size()
    g = torch.bmm(x, x.transpose(1, 2))
    g.div_(c * m)
    g.sum().backward()


run(1)
