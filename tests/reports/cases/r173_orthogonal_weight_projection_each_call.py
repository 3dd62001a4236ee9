# class: parameter-edit-between
import torch
import torch.nn as nn


class ProjectedLinear(nn.Module):
    """Keeps the rows of its weight on the unit sphere; projects on every call."""

    def __init__(self, i, o):
        super().__init__()
        self.weight = nn.Parameter(torch.randn(o, i))

    @torch.no_grad()
    def project_(self):
        self.weight.div_(self.weight.norm(dim=1, keepdim=True))

    def forward(self, x):
        self.project_()
        return x @ self.weight.t()


class Siamese(nn.Module):
    def __init__(self):
        super().__init__()
        self.pre, self.proj = nn.Linear(4, 4), ProjectedLinear(4, 3)

    def embed(self, x):
        return self.proj(torch.tanh(self.pre(x)))

    def forward(self, a, b):
        return (self.embed(a) - self.embed(b)).pow(2).sum(1)


torch.manual_seed(0)
net = Siamese()
net(torch.randn(3, 4), torch.randn(3, 4)).mean().backward()
