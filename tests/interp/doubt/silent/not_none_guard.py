import torch


def run(mask=None):
    w = torch.rand(4, requires_grad=True)
    y = w.exp()
    if mask is not None:
        y = y * mask
    if mask is not None:
        y.mul_(2)
    y.sum().backward()


run(torch.ones(4))
run()
