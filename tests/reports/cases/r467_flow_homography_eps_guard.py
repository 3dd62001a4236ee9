# class: mask-inplace
import torch
import torch.nn as nn


def transform_points(theta, grid, eps=1e-2):
    pts = torch.matmul(theta, grid)
    x_s, y_s, t_s = pts[:, 0], pts[:, 1], pts[:, 2]
    t_s_flat = t_s.reshape(-1)
    x_s_flat = x_s.reshape(-1) / t_s_flat
    t_s_flat[t_s_flat.abs() < eps] = eps
    y_s_flat = y_s.reshape(-1) / t_s_flat
    return torch.stack([x_s_flat, y_s_flat])


class Homography(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(5, 8)
        self.register_buffer("one", torch.ones(1, 1))

    def forward(self, f, grid):
        h = self.fc(f)
        theta = torch.cat([h, self.one.expand(h.size(0), -1)], 1).view(-1, 3, 3)
        return transform_points(theta, grid)


torch.manual_seed(0)
net = Homography()
grid = torch.cat([torch.rand(2, 6), torch.ones(1, 6)])
opt = torch.optim.Adam(net.parameters(), 1e-3)
for step in range(2):
    warped = net(torch.randn(1, 5), grid)
    loss = (warped - grid[:2].reshape(2, -1)).abs().mean()
    opt.zero_grad()
    loss.backward()
    opt.step()
