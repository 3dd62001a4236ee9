# class: dropout-inplace
from functools import partial

import torch
import torch.nn as nn


def build_mlp(dims, act=nn.Tanh, drop=partial(nn.Dropout, p=0.2, inplace=True)):
    mods = []
    for a, b in zip(dims, dims[1:]):
        mods.append(nn.Linear(a, b))
        mods.append(act())
        mods.append(drop())
    return nn.Sequential(*mods[:-2])


class Recommender(nn.Module):
    def __init__(self, users, items, d=4):
        super().__init__()
        self.u = nn.Embedding(users, d)
        self.i = nn.Embedding(items, d)
        self.mlp = build_mlp([2 * d, 8, 1])

    def forward(self, u, i):
        return self.mlp(torch.cat((self.u(u), self.i(i)), dim=-1)).squeeze(-1)


torch.manual_seed(0)
net = Recommender(5, 7)
opt = torch.optim.SGD(net.parameters(), lr=0.05)
for u, i, r in [(torch.tensor([0, 1]), torch.tensor([3, 4]), torch.tensor([1.0, 0.0]))]:
    loss = nn.functional.mse_loss(net(u, i), r)
    opt.zero_grad()
    loss.backward()
    opt.step()
