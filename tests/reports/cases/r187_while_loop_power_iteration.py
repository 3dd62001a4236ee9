# class: own-operand-inplace
import torch
import torch.nn as nn


def top_eig(A, tol=1e-3, max_iter=5):
    v = A.sum(0)
    it = 0
    while it < max_iter:
        v = A @ v
        v /= v.norm()
        it += 1
    return v @ A @ v


torch.manual_seed(0)
f = nn.Linear(3, 3)
M = f(torch.randn(5, 3))
lam = top_eig(M.T @ M)
lam.backward()
