# class: safe-tree
import torch
import torch.nn as nn


class RvNN(nn.Module):
    def __init__(self, d=4):
        super().__init__()
        self.leaf = nn.Embedding(8, d)
        self.merge = nn.Sequential(nn.Linear(2 * d, d), nn.ReLU(inplace=True))
        self.score = nn.Linear(d, 1)
        self.scores = []

    def encode(self, tree):
        if isinstance(tree, int):
            return self.leaf(torch.tensor([tree]))
        left, right = (self.encode(t) for t in tree)
        parent = self.merge(torch.cat([left, right], dim=-1))
        self.scores.append(self.score(parent))
        return parent

    def forward(self, tree):
        self.scores = []
        root = self.encode(tree)
        return root, sum(self.scores)


torch.manual_seed(0)
m = RvNN()
opt = torch.optim.Adagrad(m.parameters(), lr=0.1)
for tree in [((1, 2), 3), (4, (5, (6, 7)))]:
    root, s = m(tree)
    opt.zero_grad()
    (s.squeeze() + root.pow(2).sum()).backward()
    opt.step()
