import torch


def run(n, i, j):
    xs = torch.nn.ParameterList([torch.nn.Parameter(torch.rand(4)) for _ in range(2)])
    y = xs[i].exp()
    with torch.no_grad():
        xs[j].add_(1)
    y.sum().backward()


run(2, 0, 1)
