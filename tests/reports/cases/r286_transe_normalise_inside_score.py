# class: parameter-edit-between
import torch
import torch.nn as nn


class DistMult(nn.Module):
    def __init__(self, n=8, r=3, d=4):
        super().__init__()
        self.ent = nn.Parameter(torch.randn(n, d))
        self.rel = nn.Parameter(torch.randn(r, d))

    def renorm(self):
        with torch.no_grad():
            self.ent.renorm_(2, 0, 1.0)

    def score(self, h, r):
        q = self.ent[h] * self.rel[r]
        logits = q @ self.ent.t()
        self.renorm()
        return logits


torch.manual_seed(0)
m = DistMult()
h, r, t = torch.tensor([0, 1]), torch.tensor([2, 0]), torch.tensor([3, 4])
nn.functional.cross_entropy(m.score(h, r), t).backward()
