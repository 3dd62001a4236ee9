# class: create-graph-then-inplace
import torch
import torch.nn as nn
import torch.nn.functional as F

torch.manual_seed(0)
net = nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 2))
params = [p for p in net.parameters()]
x, y = torch.randn(6, 3), torch.randint(0, 2, (6,))
loss = F.cross_entropy(net(x), y)
grads = torch.autograd.grad(loss, params, create_graph=True)
v = [torch.randn_like(p) for p in params]
dot = sum((g * u).sum() for g, u in zip(grads, v))
with torch.no_grad():
    for p, g in zip(params, grads):
        p.add_(g, alpha=-0.1)
hvp = torch.autograd.grad(dot, params)
