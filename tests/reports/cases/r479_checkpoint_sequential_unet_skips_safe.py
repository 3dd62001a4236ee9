# class: safe-checkpoint
import torch
import torch.nn as nn
from torch.utils.checkpoint import checkpoint


class Down(nn.Sequential):
    def __init__(self, i, o):
        super().__init__(nn.Conv2d(i, o, 3, padding=1), nn.BatchNorm2d(o), nn.ReLU(inplace=True))


class UNet(nn.Module):
    def __init__(self, use_checkpoint=True):
        super().__init__()
        self.d1, self.d2 = Down(1, 4), Down(4, 8)
        self.pool = nn.MaxPool2d(2)
        self.up = nn.ConvTranspose2d(8, 4, 2, stride=2)
        self.u1 = Down(8, 4)
        self.out = nn.Conv2d(4, 1, 1)
        self.use_checkpoint = use_checkpoint

    def _run(self, m, x):
        if self.use_checkpoint and self.training:
            return checkpoint(m, x, use_reentrant=False)
        return m(x)

    def forward(self, x):
        s1 = self._run(self.d1, x)
        h = self._run(self.d2, self.pool(s1))
        h = self.up(h)
        h = torch.cat((s1, h), 1)
        return self.out(self._run(self.u1, h))


torch.manual_seed(0)
net = UNet()
opt = torch.optim.SGD(net.parameters(), lr=0.1)
for _ in range(2):
    loss = net(torch.randn(2, 1, 8, 8)).pow(2).mean()
    opt.zero_grad()
    loss.backward()
    opt.step()
