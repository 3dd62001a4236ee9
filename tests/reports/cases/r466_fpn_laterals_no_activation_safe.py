# class: safe-residual-iadd
import torch
import torch.nn as nn
import torch.nn.functional as F


class FPN(nn.Module):
    def __init__(self, in_channels, out_channels, add_extra_convs=True):
        super().__init__()
        self.lateral_convs = nn.ModuleList(nn.Conv2d(c, out_channels, 1) for c in in_channels)
        self.fpn_convs = nn.ModuleList(nn.Conv2d(out_channels, out_channels, 3, padding=1) for _ in in_channels)
        self.add_extra_convs = add_extra_convs
        if add_extra_convs:
            self.fpn_convs.append(nn.Conv2d(out_channels, out_channels, 3, stride=2, padding=1))

    def forward(self, inputs):
        laterals = [l(x) for l, x in zip(self.lateral_convs, inputs)]
        for i in range(len(laterals) - 1, 0, -1):
            laterals[i - 1] += F.interpolate(laterals[i], scale_factor=2, mode="nearest")
        outs = [self.fpn_convs[i](laterals[i]) for i in range(len(laterals))]
        if self.add_extra_convs:
            outs.append(self.fpn_convs[-1](F.relu(outs[-1])))
        return outs


torch.manual_seed(0)
fpn = FPN([3, 4], 4)
feats = [torch.randn(1, 3, 8, 8), torch.randn(1, 4, 4, 4)]
loss = sum((o ** 2).mean() for o in fpn(feats))
loss.backward()
