# class: leaf-inplace
import torch
import torch.nn as nn


class UnitEmbedding(nn.Module):
    def __init__(self, n, d):
        super().__init__()
        self._w = nn.Parameter(torch.randn(n, d))

    @property
    def weight(self):
        return self._w

    @weight.setter
    def weight(self, value):
        self._w[:] = value

    def forward(self, idx):
        return self._w[idx]


torch.manual_seed(0)
emb = UnitEmbedding(5, 3)
emb.weight = torch.nn.functional.normalize(torch.randn(5, 3), dim=1)
loss = emb(torch.tensor([0, 2])).sum()
loss.backward()
