# class: saved-output-inplace
import torch
import torch.nn as nn


def raw2outputs(raw, z_vals, rays_d, raw_noise_std=0.0, white_bkgd=False):
    dists = z_vals[..., 1:] - z_vals[..., :-1]
    dists = torch.cat([dists, torch.Tensor([1e10]).expand(dists[..., :1].shape)], -1)
    dists = dists * torch.norm(rays_d[..., None, :], dim=-1)
    rgb = torch.sigmoid(raw[..., :3])
    noise = torch.randn(raw[..., 3].shape) * raw_noise_std if raw_noise_std > 0.0 else 0.0
    alpha = 1.0 - torch.exp(-torch.relu(raw[..., 3] + noise) * dists)
    trans = torch.cumprod(torch.cat([torch.ones((alpha.shape[0], 1)), 1.0 - alpha + 1e-10], -1), -1)[:, :-1]
    weights = alpha * trans
    trans[:, -1] = 0.0
    rgb_map = torch.sum(weights[..., None] * rgb, -2)
    acc_map = torch.sum(weights, -1)
    if white_bkgd:
        rgb_map = rgb_map + (1.0 - acc_map[..., None])
    return rgb_map, trans


torch.manual_seed(0)
mlp = nn.Sequential(nn.Linear(3, 8), nn.ReLU(), nn.Linear(8, 4))
z = torch.linspace(1, 2, 5).expand(2, 5)
d = torch.randn(2, 3)
pts = d[:, None] * z[..., None]
rgb, trans = raw2outputs(mlp(pts), z, d)
loss = (rgb - 0.5).pow(2).mean() + trans.mean()
loss.backward()
