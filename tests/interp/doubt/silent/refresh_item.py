import torch


def run(d, refresh):
    d["a"].requires_grad_()
    refresh(d)
    d["a"][0] = 1.0


run({"a": torch.rand(4)}, lambda d: d.update(a=torch.rand(4)))
