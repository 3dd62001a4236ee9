# class: safe-preallocated-output
import torch
import torch.nn as nn


class MeshDecoder(nn.Module):
    def __init__(self, verts, faces):
        super().__init__()
        self.register_buffer("template", verts)
        self.register_buffer("faces", faces)
        self.offset = nn.Linear(4, verts.numel())

    def laplacian(self, v):
        out, deg = torch.zeros_like(v), torch.zeros(v.size(0), 1)
        for a, b in ((0, 1), (1, 2), (2, 0)):
            i, j = self.faces[:, a], self.faces[:, b]
            out.index_add_(0, i, v[j])
            deg.index_add_(0, i, torch.ones(len(i), 1))
        out /= deg.clamp_(min=1)
        out -= v
        return out

    def forward(self, z):
        v = self.template + self.offset(z).view_as(self.template)
        return v, self.laplacian(v).norm(dim=1).mean()


torch.manual_seed(0)
dec = MeshDecoder(torch.randn(4, 3), torch.tensor([[0, 1, 2], [1, 2, 3]]))
v, smooth = dec(torch.randn(4))
(v.pow(2).mean() + smooth).backward()
