# class: own-operand-inplace
import torch
import torch.nn as nn


def cg(A, b, n_iter=3):
    x = torch.zeros_like(b)
    r = b.clone()
    p = r.clone()
    rs = r @ r
    for _ in range(n_iter):
        Ap = A @ p
        alpha = rs / (p @ Ap)
        x = x + alpha * p
        r -= alpha * Ap
        rs_new = r @ r
        p = r + rs_new / rs * p
        rs = rs_new
    return x


torch.manual_seed(0)
net = nn.Linear(4, 4, bias=False)
S = net.weight @ net.weight.T + torch.eye(4)
sol = cg(S, torch.ones(4))
sol.sum().backward()
