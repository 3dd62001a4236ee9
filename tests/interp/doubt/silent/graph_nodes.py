import torch


class Node:
    def __init__(self, v, nxt=None):
        self.v, self.nxt = v, nxt


def run(n):
    head = None
    for i in range(n):
        head = Node(torch.rand(4), head)
    head.v.requires_grad_()
    node = head.nxt
    while node is not None:
        node.v[0] = 1.0
        node = node.nxt


run(3)
