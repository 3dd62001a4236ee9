# class: saved-input-inplace
import torch
import torch.nn as nn

torch.manual_seed(0)
conv = nn.Conv3d(1, 1, 3, padding="same")
pool = nn.AvgPool3d(3)
vol = nn.Conv3d(1, 1, 1)(torch.randn(1, 1, 3, 3, 3))
feat = conv(vol)
vol -= vol.mean()
(pool(feat).sum() + vol.abs().sum()).backward()
