# class: normalize-inplace
import torch
import torch.nn as nn


def squash(s, dim=-1):
    norm = s.norm(dim=dim, keepdim=True)
    scale = norm**2 / (1 + norm**2)
    s /= norm + 1e-8
    s *= scale
    return s


class PrimaryCaps(nn.Module):
    def __init__(self, in_dim=8, caps=3, dim=4):
        super().__init__()
        self.caps, self.dim = caps, dim
        self.W = nn.Parameter(0.1 * torch.randn(in_dim, caps * dim))

    def forward(self, x):
        u = torch.matmul(x, self.W).view(-1, self.caps, self.dim)
        return squash(u)


torch.manual_seed(0)
caps = PrimaryCaps()
v = caps(torch.randn(5, 8))
lengths = v.norm(dim=-1)
target = torch.eye(3)[torch.tensor([0, 1, 2, 1, 0])]
margin = target * torch.relu(0.9 - lengths) ** 2 + 0.5 * (1 - target) * torch.relu(lengths - 0.1) ** 2
margin.sum(1).mean().backward()
