"""Attention that masks its weights after the softmax, in place.

Raises in ``backward()``: softmax saved its result, and ``masked_fill_`` writes into it. Mask the scores *before* the
softmax (then the weights also sum to one again), or use ``masked_fill``.
"""

import math

import torch
from torch import nn


class Attention(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.query = nn.Linear(width, width)
        self.key = nn.Linear(width, width)
        self.value = nn.Linear(width, width)

    def forward(self, x, padding):
        scores = self.query(x) @ self.key(x).transpose(1, 2) / math.sqrt(x.shape[-1])
        weights = torch.softmax(scores, dim=-1)
        weights.masked_fill_(padding[:, None, :], 0.0)
        return weights @ self.value(x)


def main():
    torch.manual_seed(0)
    attention = Attention(8)
    tokens = torch.randn(2, 5, 8)
    padding = torch.zeros(2, 5, dtype=torch.bool)
    padding[:, 3:] = True
    attention(tokens, padding).sum().backward()
    print("gradient norm:", attention.query.weight.grad.norm().item())


if __name__ == "__main__":
    main()
