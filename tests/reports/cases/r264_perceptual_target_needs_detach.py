# class: missing-detach
import torch
import torch.nn as nn
import torch.nn.functional as F


class Perceptual(nn.Module):
    def __init__(self, net, ref):
        super().__init__()
        self.net = net
        self.ref = self.features(ref)

    def features(self, x):
        feats = []
        for layer in self.net:
            x = layer(x)
            feats.append(x)
        return feats

    def forward(self, x):
        return sum(F.l1_loss(a, b) for a, b in zip(self.features(x), self.ref))


torch.manual_seed(0)
vgg = nn.Sequential(nn.Conv2d(1, 2, 3), nn.ReLU(), nn.Conv2d(2, 2, 3))
gen = nn.Conv2d(1, 1, 1)
crit = Perceptual(vgg, torch.rand(1, 1, 6, 6))
opt = torch.optim.Adam(gen.parameters())
for _ in range(2):
    loss = crit(gen(torch.rand(1, 1, 6, 6)))
    opt.zero_grad()
    loss.backward()
    opt.step()
