# class: residual-iadd
import torch
import torch.nn as nn
import torch.nn.functional as F


class TopDown(nn.Module):
    def __init__(self, chans=(2, 3), out=3):
        super().__init__()
        self.lateral = nn.ModuleDict({f"p{i}": nn.Conv2d(c, out, 1) for i, c in enumerate(chans)})

    def forward(self, feats):
        lat = {k: F.relu(self.lateral[k](v)) for k, v in feats.items()}
        up = F.interpolate(lat["p1"], size=lat["p0"].shape[-2:], mode="bilinear", align_corners=False)
        lat["p0"] += up
        return lat


torch.manual_seed(0)
net = TopDown()
out = net({"p0": torch.randn(1, 2, 8, 8), "p1": torch.randn(1, 3, 4, 4)})
loss = sum(v.mean() for v in out.values())
loss.backward()
