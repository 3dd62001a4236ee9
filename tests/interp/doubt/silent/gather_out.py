import torch


def run(m):
    i = torch.tensor([[0], [1]])
    x = torch.rand(2, 2, requires_grad=True)
    y = x.gather(1, i)
    y += 1
    y.sum().backward()


run(1)
