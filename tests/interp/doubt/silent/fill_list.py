import torch


def run(n):
    outs = [torch.ones(4)]
    w = torch.rand(4, requires_grad=True)
    for i in range(1, n):
        outs.append(outs[i - 1] * w)
    torch.stack(outs).sum().backward()


run(4)
