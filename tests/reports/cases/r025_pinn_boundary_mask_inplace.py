# class: create-graph-then-inplace
import torch
import torch.nn as nn

torch.manual_seed(0)
net = nn.Sequential(nn.Linear(2, 16), nn.Tanh(), nn.Linear(16, 1))
optimizer = torch.optim.Adam(net.parameters(), lr=1e-3)


def grad(y, x):
    return torch.autograd.grad(y, x, grad_outputs=torch.ones_like(y), create_graph=True)[0]


def pde_residual(xt):
    u = net(xt)
    du = grad(u, xt)
    u_x, u_t = du[:, :1], du[:, 1:]
    u_xx = grad(u_x, xt)[:, :1]
    convection = u * u_x
    u *= 0.5
    return u_t + convection - 0.01 * u_xx + u


for epoch in range(2):
    xt = torch.rand(10, 2, requires_grad=True)
    loss = pde_residual(xt).pow(2).mean()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
