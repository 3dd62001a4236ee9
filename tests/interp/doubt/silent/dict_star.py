import torch


def run(new):
    d = {"a": torch.rand(4)}
    d["a"].requires_grad_()
    e = {**d, **new}
    e["a"][0] = 1.0


run({"a": torch.rand(4)})
