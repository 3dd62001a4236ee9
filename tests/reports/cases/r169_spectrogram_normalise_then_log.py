# class: saved-output-inplace
import torch
import torch.nn as nn


class LogMel(nn.Module):
    def __init__(self, bins=5, mels=4):
        super().__init__()
        self.fb = nn.Parameter(torch.rand(bins, mels))
        self.eps = 1e-6

    def forward(self, power):
        mel = torch.exp(power @ self.fb)
        log = (mel + self.eps).log()
        mel /= mel.max()
        return log, mel


torch.manual_seed(0)
front = LogMel()
log, mel = front(torch.rand(3, 5))
(log.mean() + mel.mean()).backward()
