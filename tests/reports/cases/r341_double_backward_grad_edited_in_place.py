# class: double-backward
import torch
import torch.nn as nn

torch.manual_seed(0)
net = nn.Sequential(nn.Linear(2, 8), nn.Tanh(), nn.Linear(8, 1))
xt = torch.rand(5, 2, requires_grad=True)
u = net(xt)
du = torch.autograd.grad(u.sum(), xt, create_graph=True)[0]
u_x, u_t = du[:, :1], du[:, 1:]
u_xx = torch.autograd.grad(u_x.sum(), xt, create_graph=True)[0][:, :1]
flux = u * u_x
u_x *= 0.5
residual = u_t + flux - 0.01 * u_xx
residual.pow(2).mean().backward()
