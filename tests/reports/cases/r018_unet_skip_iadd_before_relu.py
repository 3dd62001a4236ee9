# class: residual-iadd
import torch
import torch.nn as nn
import torch.nn.functional as F


class DoubleConv(nn.Module):
    def __init__(self, i, o):
        super().__init__()
        self.block = nn.Sequential(
            nn.Conv2d(i, o, 3, padding=1), nn.BatchNorm2d(o), nn.ReLU(inplace=True),
            nn.Conv2d(o, o, 3, padding=1), nn.BatchNorm2d(o), nn.ReLU(inplace=True),
        )

    def forward(self, x):
        return self.block(x)


class AddUNet(nn.Module):
    def __init__(self, ch=(1, 4, 8)):
        super().__init__()
        self.downs = nn.ModuleList([DoubleConv(a, b) for a, b in zip(ch[:-1], ch[1:])])
        self.pool = nn.MaxPool2d(2)
        self.up = nn.ConvTranspose2d(8, 4, 2, stride=2)
        self.out = nn.Conv2d(4, 1, 1)

    def forward(self, x):
        skips = []
        for i, d in enumerate(self.downs):
            if i:
                x = self.pool(x)
            x = d(x)
            skips.append(x)
        y = self.up(skips[-1])
        skips[0] += y
        return self.out(skips[0])


torch.manual_seed(0)
unet = AddUNet()
logits = unet(torch.randn(2, 1, 8, 8))
loss = F.binary_cross_entropy_with_logits(logits, torch.rand(2, 1, 8, 8).round())
loss.backward()
