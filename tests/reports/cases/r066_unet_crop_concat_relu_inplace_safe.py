# class: safe-activation-inplace
import torch
import torch.nn as nn
import torch.nn.functional as F


def conv3x3(in_planes, out_planes):
    return nn.Conv2d(in_planes, out_planes, kernel_size=3, padding=1)


class Down(nn.Module):
    def __init__(self, i, o):
        super().__init__()
        self.c1, self.c2 = conv3x3(i, o), conv3x3(o, o)
        self.bn1, self.bn2 = nn.BatchNorm2d(o), nn.BatchNorm2d(o)

    def forward(self, x):
        x = F.relu_(self.bn1(self.c1(x)))
        return F.relu(self.bn2(self.c2(x)), inplace=True)


class UNet(nn.Module):
    def __init__(self, widths=[2, 4]):
        super().__init__()
        self.d1 = Down(1, widths[0])
        self.d2 = Down(widths[0], widths[1])
        self.up = nn.ConvTranspose2d(widths[1], widths[0], 2, 2)
        self.u1 = Down(2 * widths[0], widths[0])
        self.head = nn.Conv2d(widths[0], 1, 1)

    def forward(self, x):
        s1 = self.d1(x)
        b = self.d2(F.max_pool2d(s1, 2))
        u = self.up(b)
        dy, dx = s1.size(2) - u.size(2), s1.size(3) - u.size(3)
        u = F.pad(u, [dx // 2, dx - dx // 2, dy // 2, dy - dy // 2])
        return self.head(self.u1(torch.cat([s1, u], dim=1)))


torch.manual_seed(0)
model = UNet()
pred = model(torch.randn(1, 1, 9, 9))
prob = pred.sigmoid()
target = (torch.rand_like(pred) > 0.5).float()
inter = (prob * target).sum()
dice = 1 - (2 * inter + 1) / (prob.sum() + target.sum() + 1)
dice.backward()
