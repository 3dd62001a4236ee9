import torch


def run(n):
    w = torch.rand(4, requires_grad=True)
    q = []
    for i in range(n):
        q.append(w.exp())
    while q:
        y = q.pop()
        y.mul_(2)
        y.sum().backward()


run(3)
