# class: saved-input-inplace
import torch
import torch.nn as nn


class LearnedClip(nn.Module):
    def __init__(self):
        super().__init__()
        self.alpha = nn.Parameter(torch.tensor(2.0))
        self.register_buffer("running", torch.ones(()))

    def forward(self, x):
        y = torch.clamp(x, max=4.0) * self.running
        out = y / self.alpha
        if self.training:
            self.running.mul_(0.9).add_(0.1 * x.detach().abs().mean())
        return out


torch.manual_seed(0)
net = nn.Sequential(nn.Linear(3, 3), LearnedClip(), nn.Linear(3, 1))
net(torch.randn(4, 3)).mean().backward()
