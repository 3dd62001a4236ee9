# class: saved-input-inplace
import math

import torch
import torch.nn as nn


class GeometricTransform(nn.Module):
    """Pose parameters to affine matrices, as in stacked capsules."""

    def __init__(self, similarity=True, as_matrix=True):
        super().__init__()
        self.similarity = similarity
        self.as_matrix = as_matrix

    def forward(self, pose):
        scale_x, scale_y, theta, shear, trans_x, trans_y = torch.split(pose, 1, -1)
        scale_x, scale_y = torch.sigmoid(scale_x) + 1e-2, torch.sigmoid(scale_y) + 1e-2
        trans_x, trans_y = torch.tanh(trans_x * 5.0), torch.tanh(trans_y * 5.0)
        theta *= 2.0 * math.pi
        c, s = torch.cos(theta), torch.sin(theta)
        if self.similarity:
            pose = [scale_x * c, -scale_x * s, trans_x, scale_x * s, scale_x * c, trans_y]
        else:
            shear = torch.tanh(shear * 5.0)
            pose = [scale_x * c + shear * scale_y * s, -scale_x * s + shear * scale_y * c, trans_x,
                    scale_y * s, scale_y * c, trans_y]
        pose = torch.cat(pose, -1)
        if self.as_matrix:
            pose = pose.view(*pose.shape[:-1], 2, 3)
        return pose


torch.manual_seed(0)
encoder = nn.Linear(10, 6)
transform = GeometricTransform()
loss = transform(encoder(torch.randn(4, 10))).pow(2).sum()
loss.backward()
