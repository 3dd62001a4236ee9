# class: saved-input-inplace
import torch
import torch.nn as nn


class LocalContrast(nn.Module):
    def __init__(self, k=3):
        super().__init__()
        self.k = k
        self.conv = nn.Conv1d(1, 2, 3, padding=1)

    def forward(self, sig):
        h = torch.exp(self.conv(sig))
        windows = h.unfold(-1, self.k, self.k)
        windows[..., 0] = 0.0
        return windows.sum(-1)


torch.manual_seed(0)
m = LocalContrast()
m(torch.randn(1, 1, 9)).mean().backward()
