# class: recurrence-buffer
import torch
import torch.nn as nn


class ForwardKinematics(nn.Module):
    def __init__(self, parents, offsets):
        super().__init__()
        self.parents = parents
        self.register_buffer("offsets", offsets)

    def forward(self, rot):
        n = len(self.parents)
        glob = torch.empty(n, 3, 3)
        pos = torch.empty(n, 3)
        for j, p in enumerate(self.parents):
            if p == -1:
                glob[j] = rot[j]
                pos[j] = self.offsets[j]
            else:
                glob[j] = glob[p] @ rot[j]
                pos[j] = pos[p] + glob[p] @ self.offsets[j]
        return pos


torch.manual_seed(0)
fk = ForwardKinematics([-1, 0, 1, 2], torch.randn(4, 3))
raw = nn.Parameter(torch.randn(4, 3, 3))
loss = fk(raw).pow(2).sum()
loss.backward()
