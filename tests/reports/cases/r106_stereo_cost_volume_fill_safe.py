# class: safe-preallocated-output
import torch
import torch.nn as nn


class CostVolume(nn.Module):
    def __init__(self, maxdisp=3):
        super().__init__()
        self.maxdisp = maxdisp

    def forward(self, left, right):
        b, c, h, w = left.shape
        cost = left.new_zeros(b, 2 * c, self.maxdisp, h, w)
        for i in range(self.maxdisp):
            if i > 0:
                cost[:, :c, i, :, i:] = left[:, :, :, i:]
                cost[:, c:, i, :, i:] = right[:, :, :, :-i]
            else:
                cost[:, :c, i, :, :] = left
                cost[:, c:, i, :, :] = right
        return cost.contiguous()


torch.manual_seed(0)
feat = nn.Sequential(nn.Conv2d(1, 2, 3, padding=1), nn.ReLU(inplace=True))
agg = nn.Conv3d(4, 1, 3, padding=1)
l, r = torch.rand(1, 1, 4, 6), torch.rand(1, 1, 4, 6)
vol = agg(CostVolume()(feat(l), feat(r))).squeeze(1)
prob = torch.softmax(-vol, dim=1)
disp = (prob * torch.arange(3.0).view(1, 3, 1, 1)).sum(1)
disp.sub_(1.0).abs().mean().backward()
