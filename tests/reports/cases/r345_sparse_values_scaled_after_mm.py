# class: saved-input-inplace
import torch
import torch.nn as nn

torch.manual_seed(0)
n = 4
edge = torch.tensor([[0, 1, 2, 3], [1, 2, 3, 0]])
score = nn.Parameter(torch.randn(4))
x = torch.randn(n, 3)
alpha = torch.exp(score)
rowsum = torch.zeros(n).index_add(0, edge[0], alpha)
alpha /= rowsum[edge[0]]
out = torch.zeros(n, 3).index_add(0, edge[0], alpha.unsqueeze(-1) * x[edge[1]])
out.pow(2).sum().backward()
