# class: view-of-leaf
import torch
import torch.nn as nn


class PositionalEmbedding(nn.Module):
    def __init__(self, n, d):
        super().__init__()
        self.pe = nn.Parameter(torch.zeros(n, d))
        for pos in range(n):
            for i in range(0, d, 2):
                self.pe[pos, i] = torch.sin(torch.tensor(pos / 10.0 ** (i / d)))

    def forward(self, x):
        return x + self.pe[: x.size(1)]


torch.manual_seed(0)
PositionalEmbedding(5, 4)(torch.randn(1, 3, 4)).sum().backward()
