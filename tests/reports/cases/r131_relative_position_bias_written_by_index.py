# class: view-of-leaf
import torch
import torch.nn as nn


class WindowAttention(nn.Module):
    def __init__(self, dim=4, window=2, heads=1):
        super().__init__()
        n = 2 * window - 1
        self.relative_position_bias_table = nn.Parameter(torch.zeros(n * n, heads))
        self.qkv = nn.Linear(dim, dim * 3)
        nn.init.trunc_normal_(self.relative_position_bias_table, std=0.02)
        self._reset_center(n * n // 2)

    def _reset_center(self, i):
        self.relative_position_bias_table[i] += 1.0

    def forward(self, x):
        q, k, v = self.qkv(x).chunk(3, dim=-1)
        return (q @ k.transpose(1, 2) + self.relative_position_bias_table.mean()).softmax(-1) @ v


torch.manual_seed(0)
attn = WindowAttention()
attn(torch.randn(1, 4, 4)).sum().backward()
