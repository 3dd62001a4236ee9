import torch


def run(mode):
    w = torch.rand(4, requires_grad=True)
    y = w.exp()
    if mode in ("a", "b"):
        y = y.clone()
    if mode == "a":
        y.mul_(2)
    y.sum().backward()


run("a")
