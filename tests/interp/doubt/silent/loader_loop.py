import torch


def run(loader):
    for x in loader:
        x[0] = 1.0
        x.requires_grad_()
        (x * x).sum().backward()


run([torch.rand(4), torch.rand(4)])
