import torch


def run(train):
    x = torch.rand(4, requires_grad=train)
    y = x.exp()
    if not train:
        y.mul_(2)
    if train:
        y.sum().backward()


run(True)
