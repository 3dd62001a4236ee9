# class: safe-list-or-int
import torch
import torch.nn as nn


def rot6d(x):
    a, b = x[..., :3], x[..., 3:]
    a = nn.functional.normalize(a, dim=-1)
    b = nn.functional.normalize(b - (a * b).sum(-1, keepdim=True) * a, dim=-1)
    return torch.stack((a, b, torch.cross(a, b, dim=-1)), dim=-1)


class FK(nn.Module):
    parents = (-1, 0, 1, 1)

    def __init__(self):
        super().__init__()
        self.offsets = torch.randn(4, 3)

    def forward(self, rot, root):
        glob, pos = [None] * 4, {}
        for j, p in enumerate(self.parents):
            glob[j] = rot[j] if p < 0 else glob[p] @ rot[j]
            pos[j] = root if p < 0 else pos[p] + glob[p] @ self.offsets[j]
        return torch.stack([pos[j] for j in sorted(pos)])


torch.manual_seed(0)
net, fk = nn.Linear(8, 4 * 6 + 3), FK()
out = net(torch.randn(8))
joints = fk(rot6d(out[:24].view(4, 6)), out[24:])
joints -= joints[:1].clone()
(joints - torch.randn(4, 3)).norm(dim=-1).mean().backward()
