# class: graph-reused
import torch
import torch.nn as nn

torch.manual_seed(0)
f = nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 2))
x = torch.randn(3, requires_grad=True)
y = f(x)
rows = []
for i in range(y.numel()):
    rows.append(torch.autograd.grad(y[i], x)[0])
J = torch.stack(rows)
