# class: cached-module-value
import torch
import torch.nn as nn
import torch.nn.functional as F


class SiamFC(nn.Module):
    def __init__(self):
        super().__init__()
        self.backbone = nn.Sequential(nn.Conv2d(1, 2, 3), nn.ReLU(inplace=True), nn.Conv2d(2, 2, 3))
        self.zf = None

    def template(self, z):
        self.zf = self.backbone(z)

    def track(self, x):
        xf = self.backbone(x)
        return F.conv2d(xf, self.zf)


torch.manual_seed(0)
net = SiamFC()
opt = torch.optim.SGD(net.parameters(), lr=0.01)
net.template(torch.randn(1, 1, 7, 7))
for frame in torch.randn(3, 1, 1, 10, 10):
    resp = net.track(frame)
    loss = F.binary_cross_entropy_with_logits(resp, torch.ones_like(resp))
    opt.zero_grad()
    loss.backward()
    opt.step()
