# class: safe-functional
import torch
import torch.nn as nn
import torch.nn.functional as F
from torch.func import functional_call

torch.manual_seed(0)
net = nn.Sequential(nn.Linear(1, 8), nn.Tanh(), nn.Linear(8, 1))
opt = torch.optim.Adam(net.parameters())
for _ in range(2):
    opt.zero_grad()
    for task in range(2):
        x, y = torch.rand(5, 1), torch.rand(5, 1)
        fast = dict(net.named_parameters())
        for _ in range(2):
            g = torch.autograd.grad(F.mse_loss(functional_call(net, fast, x), y), tuple(fast.values()), create_graph=True)
            fast = {k: v - 0.1 * gi for (k, v), gi in zip(fast.items(), g)}
        F.mse_loss(functional_call(net, fast, (x,)), y).div(2).backward()
    opt.step()
