# class: safe-data-prep
import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F

rng = np.random.default_rng(0)
torch.manual_seed(0)


def cutmix(x, y, alpha=1.0):
    lam = float(rng.beta(alpha, alpha))
    index = torch.randperm(x.size(0))
    h, w = x.shape[2:]
    ch, cw = int(h * (1 - lam) ** 0.5), int(w * (1 - lam) ** 0.5)
    x[:, :, :ch, :cw] = x[index, :, :ch, :cw]
    lam = 1 - (ch * cw) / (h * w)
    return x, y, y[index], lam


net = nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.ReLU(inplace=True), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(4, 3))
opt = torch.optim.SGD(net.parameters(), 0.1)
mean, std = torch.tensor([0.5, 0.5, 0.5]).view(1, 3, 1, 1), torch.tensor([0.2, 0.2, 0.2]).view(1, 3, 1, 1)
for step in range(2):
    images, targets = torch.rand(4, 3, 6, 6), torch.randint(0, 3, (4,))
    images.sub_(mean).div_(std)
    images, ya, yb, lam = cutmix(images, targets)
    out = net(images)
    loss = lam * F.cross_entropy(out, ya) + (1 - lam) * F.cross_entropy(out, yb)
    opt.zero_grad()
    loss.backward()
    opt.step()
