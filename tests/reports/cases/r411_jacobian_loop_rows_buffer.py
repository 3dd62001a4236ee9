# class: safe-jacobian
import torch
import torch.nn as nn

torch.manual_seed(0)
f = nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 2))
x = torch.randn(3, requires_grad=True)
y = f(x)
J = torch.zeros(2, 3)
for i in range(2):
    (g,) = torch.autograd.grad(y[i], x, retain_graph=True, create_graph=True)
    J[i] = g
loss = J.pow(2).sum()
loss.backward()
