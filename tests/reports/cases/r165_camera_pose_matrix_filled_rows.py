# class: slice-assign-activation
import torch
import torch.nn as nn


def to_homogeneous(R, t):
    T = torch.eye(4)
    T[:3, :3] = R
    T[:3, 3] = t
    return T


def exp_so3(w):
    theta = w.norm() + 1e-8
    K = torch.zeros(3, 3)
    K[0, 1], K[0, 2], K[1, 2] = -w[2], w[1], -w[0]
    K[1, 0], K[2, 0], K[2, 1] = w[2], -w[1], w[0]
    return torch.eye(3) + torch.sin(theta) / theta * K + (1 - torch.cos(theta)) / theta**2 * (K @ K)


class PoseParam(nn.Module):
    def __init__(self):
        super().__init__()
        self.w, self.t = nn.Parameter(torch.randn(3)), nn.Parameter(torch.zeros(3))

    def forward(self):
        return to_homogeneous(exp_so3(self.w), self.t)


torch.manual_seed(0)
pose = PoseParam()
optimizer = torch.optim.Adam(pose.parameters(), lr=0.01)
pts, obs = torch.randn(5, 4), torch.randn(5, 4)
for _ in range(2):
    T = pose()
    cam = pts @ T.T
    err = (cam - obs).pow(2).sum()
    T[:3, 3] += 0.01 * torch.randn(3)
    optimizer.zero_grad()
    err.backward()
    optimizer.step()
