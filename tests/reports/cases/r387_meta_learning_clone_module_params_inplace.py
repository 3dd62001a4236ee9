# class: leaf-inplace
import copy

import torch
import torch.nn as nn

torch.manual_seed(0)
meta = nn.Sequential(nn.Linear(1, 6), nn.Tanh(), nn.Linear(6, 1))
meta_opt = torch.optim.Adam(meta.parameters(), lr=1e-3)
for task in range(2):
    fast = copy.deepcopy(meta)
    x, y = torch.randn(4, 1), torch.randn(4, 1)
    loss = (fast(x) - y).pow(2).mean()
    grads = torch.autograd.grad(loss, fast.parameters(), create_graph=True)
    for p, g in zip(fast.parameters(), grads):
        p -= 0.1 * g
    (fast(x) - y).pow(2).mean().backward()
    meta_opt.step()
