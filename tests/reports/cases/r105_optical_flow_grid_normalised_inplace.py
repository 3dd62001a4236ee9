# class: saved-input-inplace
import torch
import torch.nn as nn
import torch.nn.functional as F


def warp(x, flo):
    B, C, H, W = x.size()
    yy, xx = torch.meshgrid(torch.arange(H), torch.arange(W), indexing="ij")
    grid = torch.stack((xx, yy), 0).float().unsqueeze(0).repeat(B, 1, 1, 1)
    vgrid = grid + flo
    vgrid[:, 0, :, :] = 2.0 * vgrid[:, 0, :, :] / max(W - 1, 1) - 1.0
    vgrid[:, 1, :, :] = 2.0 * vgrid[:, 1, :, :] / max(H - 1, 1) - 1.0
    vgrid = vgrid.permute(0, 2, 3, 1)
    output = F.grid_sample(x, vgrid, align_corners=True)
    mask = F.grid_sample(torch.ones_like(x), vgrid, align_corners=True)
    mask[mask < 0.999] = 0
    mask[mask > 0] = 1
    return output * mask


torch.manual_seed(0)
flownet = nn.Conv2d(6, 2, 3, padding=1)
a, b = torch.rand(1, 3, 6, 6), torch.rand(1, 3, 6, 6)
flow = flownet(torch.cat([a, b], 1))
flow_mag = flow.norm(dim=1).mean()
loss = (warp(b, flow) - a).abs().mean() + 0.01 * flow_mag
loss.backward()
