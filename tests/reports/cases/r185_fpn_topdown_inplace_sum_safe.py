# class: safe-residual-iadd
import torch
import torch.nn as nn
import torch.nn.functional as F


class FPN(nn.Module):
    def __init__(self, chans=(2, 3, 4), out=3):
        super().__init__()
        self.lateral = nn.ModuleList([nn.Conv2d(c, out, 1) for c in chans])
        self.smooth = nn.ModuleList([nn.Conv2d(out, out, 3, padding=1) for _ in chans])

    def forward(self, feats):
        lats = [l(f) for l, f in zip(self.lateral, feats)]
        for i in range(len(lats) - 1, 0, -1):
            lats[i - 1] += F.interpolate(lats[i], scale_factor=2, mode="nearest")
        return [s(l) for s, l in zip(self.smooth, lats)]


class Backbone(nn.Module):
    def __init__(self):
        super().__init__()
        self.stages = nn.ModuleList([nn.Conv2d(1, 2, 3, 1, 1), nn.Conv2d(2, 3, 3, 2, 1), nn.Conv2d(3, 4, 3, 2, 1)])

    def forward(self, x):
        out = []
        for s in self.stages:
            x = F.relu(s(x), inplace=True)
            out.append(x)
        return out


torch.manual_seed(0)
maps = FPN()(Backbone()(torch.randn(1, 1, 8, 8)))
sum(m.mean() for m in maps).backward()
