import torch


def run(n):
    x = torch.rand(8, 4, requires_grad=True)
    for row in x.unbind(0)[:n]:
        row.add_(1)


run(3)
