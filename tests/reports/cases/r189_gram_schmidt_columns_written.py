# class: recurrence-buffer
import torch
import torch.nn as nn


def gram_schmidt(V):
    n, k = V.shape
    U = torch.zeros_like(V)
    U[:, 0] = V[:, 0] / V[:, 0].norm()
    for i in range(1, k):
        U[:, i] = V[:, i]
        for j in range(i):
            U[:, i] = U[:, i] - (U[:, j] @ U[:, i]) * U[:, j]
        U[:, i] = U[:, i] / U[:, i].norm()
    return U


torch.manual_seed(0)
lin = nn.Linear(2, 3)
Q = gram_schmidt(lin(torch.randn(4, 2)))
(Q.T @ torch.randn(4, 3)).trace().backward()
