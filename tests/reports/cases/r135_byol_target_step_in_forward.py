# class: parameter-edit-between
import copy

import torch
import torch.nn as nn
import torch.nn.functional as F


class BYOL(nn.Module):
    def __init__(self, net, tau=0.9):
        super().__init__()
        self.online = net
        self.target = copy.deepcopy(net)
        self.pred = nn.Linear(4, 4)
        self.tau = tau

    @torch.no_grad()
    def momentum_update(self):
        for o, t in zip(self.online.parameters(), self.target.parameters()):
            t.mul_(self.tau).add_(o, alpha=1 - self.tau)

    def forward(self, v1, v2):
        p = self.pred(self.online(v1))
        z = self.target(v2)
        loss = 2 - 2 * F.cosine_similarity(p, z).mean()
        self.momentum_update()
        return loss


torch.manual_seed(0)
byol = BYOL(nn.Sequential(nn.Linear(6, 8), nn.ReLU(), nn.Linear(8, 4)))
optimizer = torch.optim.Adam([*byol.online.parameters(), *byol.pred.parameters()])
x = torch.randn(4, 6)
loss = byol(x + 0.1, x - 0.1)
optimizer.zero_grad()
loss.backward()
optimizer.step()
