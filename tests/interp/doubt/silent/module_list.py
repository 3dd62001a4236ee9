import torch


def run(i, j):
    xs = torch.nn.ModuleList([torch.nn.Linear(2, 2), torch.nn.Linear(2, 2)])
    x = torch.rand(3, 2, requires_grad=True)
    y = xs[i](x)
    with torch.no_grad():
        xs[j].weight.add_(1)
    y.sum().backward()


run(0, 1)
