# class: inference-mode-write
import torch
import torch.nn as nn


class RunningNorm(nn.Module):
    def __init__(self, d):
        super().__init__()
        self.d = d
        self.mean = None

    def observe(self, x):
        m = x.mean(0)
        if self.mean is None:
            self.mean = m
        else:
            self.mean.mul_(0.9).add_(m, alpha=0.1)

    def forward(self, x):
        self.observe(x.detach())
        return x - self.mean


torch.manual_seed(0)
norm, fc = RunningNorm(3), nn.Linear(3, 1)
with torch.inference_mode():
    fc(norm(torch.randn(4, 3)))
out = fc(norm(torch.randn(4, 3)))
out.sum().backward()
