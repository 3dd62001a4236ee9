# class: recurrence-buffer
import torch
from torch import nn


def my_cholesky(A):
    n = A.shape[0]
    L = torch.zeros_like(A)
    for i in range(n):
        for j in range(i + 1):
            s = (L[i, :j] * L[j, :j]).sum()
            if i == j:
                L[i, j] = torch.sqrt(A[i, i] - s)
            else:
                L[i, j] = (A[i, j] - s) / L[j, j]
    return L


torch.manual_seed(0)
W = nn.Parameter(torch.randn(3, 3))
A = W @ W.T + 3 * torch.eye(3)
L = my_cholesky(A)
L.diagonal().log().sum().backward()
