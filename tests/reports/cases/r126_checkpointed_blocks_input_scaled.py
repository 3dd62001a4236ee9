# class: checkpoint-input
import torch
import torch.nn as nn
from torch.utils.checkpoint import checkpoint


class Block(nn.Module):
    def __init__(self, d):
        super().__init__()
        self.ln, self.fc = nn.LayerNorm(d), nn.Linear(d, d)

    def forward(self, x):
        return torch.tanh(self.fc(self.ln(x)))


class Net(nn.Module):
    def __init__(self, d=6, depth=2, use_ckpt=True):
        super().__init__()
        self.inp = nn.Linear(3, d)
        self.blocks = nn.ModuleList([Block(d) for _ in range(depth)])
        self.use_ckpt = use_ckpt

    def forward(self, x):
        h = self.inp(x)
        for blk in self.blocks:
            r = checkpoint(blk, h, use_reentrant=False) if self.use_ckpt else blk(h)
            h *= 0.5
            h = h + r
        return h


torch.manual_seed(0)
net = Net()
net(torch.randn(4, 3)).sum().backward()
