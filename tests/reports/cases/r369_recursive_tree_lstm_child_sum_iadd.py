# class: saved-input-inplace
import torch
import torch.nn as nn


class Node:
    def __init__(self, idx, children=()):
        self.idx, self.children, self.state = idx, list(children), None


class TreeGRU(nn.Module):
    def __init__(self, d=4):
        super().__init__()
        self.emb = nn.Embedding(8, d)
        self.f = nn.Linear(d, d)
        self.u = nn.Linear(d, d)

    def forward(self, node):
        h = torch.tanh(self.f(self.emb(torch.tensor(node.idx))))
        for child in node.children:
            gate = torch.sigmoid(self.u(h))
            h += gate * self.forward(child)
        node.state = h
        return h


torch.manual_seed(0)
tree = Node(0, [Node(1, [Node(2), Node(3)]), Node(4)])
TreeGRU()(tree).sum().backward()
