# class: normalize-inplace
import torch
import torch.nn as nn


def quat_to_rotmat(q):
    q /= torch.linalg.vector_norm(q, dim=-1, keepdim=True)
    w, x, y, z = q.unbind(-1)
    R = torch.stack([
        1 - 2 * (y * y + z * z), 2 * (x * y - w * z), 2 * (x * z + w * y),
        2 * (x * y + w * z), 1 - 2 * (x * x + z * z), 2 * (y * z - w * x),
        2 * (x * z - w * y), 2 * (y * z + w * x), 1 - 2 * (x * x + y * y),
    ], dim=-1)
    return R.reshape(*q.shape[:-1], 3, 3)


class PoseNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(6, 7)

    def forward(self, feat, points):
        out = self.fc(feat)
        trans, quat = out[..., :3], out[..., 3:]
        R = quat_to_rotmat(quat)
        return torch.einsum("bij,bnj->bni", R, points) + trans.unsqueeze(1)


torch.manual_seed(0)
net = PoseNet()
moved = net(torch.randn(2, 6), torch.randn(2, 5, 3))
torch.nn.functional.l1_loss(moved, torch.randn(2, 5, 3)).backward()
