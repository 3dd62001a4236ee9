# class: safe-param-update
import torch
import torch.nn as nn
import torch.nn.functional as F


class TransE(nn.Module):
    def __init__(self, n=8, r=3, d=4):
        super().__init__()
        self.ent, self.rel = nn.Embedding(n, d), nn.Embedding(r, d)
        bound = 6 / d**0.5
        for e in (self.ent, self.rel):
            nn.init.uniform_(e.weight, -bound, bound)
        with torch.no_grad():
            self.rel.weight /= self.rel.weight.norm(dim=1, keepdim=True)

    def normalise(self):
        self.ent.weight.data = F.normalize(self.ent.weight.data, dim=1)

    def score(self, h, r, t):
        return (self.ent(h) + self.rel(r) - self.ent(t)).norm(p=1, dim=1)


torch.manual_seed(0)
model = TransE()
opt = torch.optim.SGD(model.parameters(), 0.1)
crit = nn.MarginRankingLoss(1.0)
for _ in range(2):
    model.normalise()
    h, r, t, n = (torch.randint(0, k, (4,)) for k in (8, 3, 8, 8))
    pos, neg = model.score(h, r, t), model.score(h, r, n)
    loss = crit(pos, neg, torch.full((4,), -1.0))
    opt.zero_grad()
    loss.backward()
    opt.step()
