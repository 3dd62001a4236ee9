# class: safe-detached-copy
import torch
import torch.nn as nn
import torch.nn.functional as F


class SumTree:
    def __init__(self, n):
        self.n = n
        self.tree = torch.zeros(2 * n - 1)

    def set(self, i, p):
        i = i + self.n - 1
        change = p - self.tree[i]
        self.tree[i] = p
        while i:
            i = (i - 1) // 2
            self.tree[i] += change


torch.manual_seed(0)
q, tree = nn.Linear(4, 2), SumTree(4)
opt = torch.optim.Adam(q.parameters())
for _ in range(2):
    s, a, target = torch.randn(4, 4), torch.randint(0, 2, (4, 1)), torch.randn(4)
    q_sa = q(s).gather(1, a).squeeze(1)
    loss = F.smooth_l1_loss(q_sa, target)
    err = (q_sa.detach() - target).abs()
    err += 1e-5
    err.clamp_(max=1.0).pow_(0.6)
    for i, e in enumerate(err.tolist()):
        tree.set(i, e)
    opt.zero_grad()
    loss.backward()
    opt.step()
