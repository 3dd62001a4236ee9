import torch


def run(hook):
    x = torch.rand(4)

    def renew():
        nonlocal x
        x = torch.rand(4)

    x.requires_grad_()
    hook(renew)
    x[0] = 1.0


run(lambda f: f())
