import torch


def run(mode):
    w = torch.rand(4, requires_grad=True)
    y = w.exp()
    if mode == "a":
        y = y.clone()
    if mode == "b":
        pass
    elif mode == "a":
        y.mul_(2)
    y.sum().backward()


run("a")
