import torch


def run(n):
    w = torch.rand(4, requires_grad=True)
    for i in range(n):
        (w * w).sum().backward()
        with torch.no_grad():
            w -= 0.1 * w.grad
            w.grad.zero_()


run(3)
