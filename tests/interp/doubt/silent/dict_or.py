import torch


def run(new):
    d = {"a": torch.rand(4)}
    d["a"].requires_grad_()
    d |= new
    d["a"][0] = 1.0


run({"a": torch.rand(4)})
