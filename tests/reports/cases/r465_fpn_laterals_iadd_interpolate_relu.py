# class: residual-iadd
import torch
import torch.nn as nn
import torch.nn.functional as F


class ConvModule(nn.Module):
    def __init__(self, cin, cout, k, act_cfg=dict(type="ReLU")):
        super().__init__()
        self.conv = nn.Conv2d(cin, cout, k, padding=k // 2)
        self.with_activation = act_cfg is not None
        if self.with_activation:
            act_cfg_ = act_cfg.copy()
            act_cfg_.setdefault("inplace", True)
            self.activate = getattr(nn, act_cfg_.pop("type"))(**act_cfg_)

    def forward(self, x):
        x = self.conv(x)
        if self.with_activation:
            x = self.activate(x)
        return x


class FPN(nn.Module):
    def __init__(self, in_channels, out_channels, act_cfg=dict(type="ReLU")):
        super().__init__()
        self.lateral_convs = nn.ModuleList()
        self.fpn_convs = nn.ModuleList()
        for c in in_channels:
            self.lateral_convs.append(ConvModule(c, out_channels, 1, act_cfg=act_cfg))
            self.fpn_convs.append(ConvModule(out_channels, out_channels, 3, act_cfg=None))

    def forward(self, inputs):
        laterals = [conv(inputs[i]) for i, conv in enumerate(self.lateral_convs)]
        used = len(laterals)
        for i in range(used - 1, 0, -1):
            prev_shape = laterals[i - 1].shape[2:]
            laterals[i - 1] += F.interpolate(laterals[i], size=prev_shape, mode="nearest")
        return tuple(self.fpn_convs[i](laterals[i]) for i in range(used))


torch.manual_seed(0)
fpn = FPN([3, 4, 5], 4)
feats = [torch.randn(1, 3, 8, 8), torch.randn(1, 4, 4, 4), torch.randn(1, 5, 2, 2)]
sum(o.mean() for o in fpn(feats)).backward()
