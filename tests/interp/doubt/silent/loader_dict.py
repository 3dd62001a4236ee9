import torch


def run(loader):
    for batch in loader:
        batch["x"][0] = 1.0
        batch["x"].requires_grad_()
        (batch["x"] * batch["x"]).sum().backward()


run([{"x": torch.rand(4)}, {"x": torch.rand(4)}])
