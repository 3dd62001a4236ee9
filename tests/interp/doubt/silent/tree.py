import torch


class Node:
    def __init__(self, depth):
        self.v = torch.rand(4)
        self.kids = [Node(depth - 1) for _ in range(2)] if depth else []


def walk(n):
    n.v[0] = 1.0
    n.v.requires_grad_()
    for k in n.kids:
        walk(k)


def run(d):
    walk(Node(d))


run(2)
