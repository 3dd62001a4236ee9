# class: safe-saved-input-only
import torch
import torch.nn as nn

torch.manual_seed(0)


def sinkhorn(C, n_iter=5, eps=0.5):
    n, m = C.shape
    f, g = torch.zeros(n), torch.zeros(m)
    log_a, log_b = torch.full((n,), 1.0 / n).log_(), torch.full((m,), 1.0 / m).log_()
    for it in range(n_iter):
        f = eps * (log_a - torch.logsumexp((g[None, :] - C) / eps, dim=1))
        g = eps * (log_b - torch.logsumexp((f[:, None] - C) / eps, dim=0))
    P = ((f[:, None] + g[None, :] - C) / eps).exp_()
    return P


enc = nn.Sequential(nn.Linear(3, 8), nn.ELU(inplace=True), nn.Linear(8, 2))
C = (enc(torch.randn(5, 3)).unsqueeze(1) - enc(torch.randn(6, 3)).unsqueeze(0)).pow_(2).sum(-1)
P = sinkhorn(C)
loss = (P * C).sum()
loss.backward()
