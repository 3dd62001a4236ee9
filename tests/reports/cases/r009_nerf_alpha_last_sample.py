# class: slice-assign-activation
import torch
from torch import nn


class NeRF(nn.Module):
    def __init__(self, W=16):
        super().__init__()
        self.pts = nn.ModuleList([nn.Linear(3, W), nn.Linear(W, W)])
        self.rgb_sigma = nn.Linear(W, 4)

    def forward(self, pts):
        h = pts
        for i, l in enumerate(self.pts):
            h = self.pts[i](h)
            h = torch.relu(h)
        return self.rgb_sigma(h)


def raw2outputs(raw, z_vals):
    dists = z_vals[..., 1:] - z_vals[..., :-1]
    dists = torch.cat([dists, torch.full_like(dists[..., :1], 1e10)], -1)
    rgb = torch.sigmoid(raw[..., :3])
    alpha = 1.0 - torch.exp(-torch.relu(raw[..., 3]) * dists)
    trans = torch.cumprod(1.0 - alpha + 1e-10, -1)
    alpha[..., -1] = 1.0
    weights = alpha * trans
    rgb[..., 0].clamp_(0.05, 0.95)
    return (weights[..., None] * rgb).sum(-2)


torch.manual_seed(0)
model = NeRF()
pts = torch.rand(5, 8, 3)
z = torch.linspace(0.1, 1.0, 8).expand(5, 8)
color = raw2outputs(model(pts), z)
loss = ((color - torch.rand(5, 3)) ** 2).mean()
loss.backward()
