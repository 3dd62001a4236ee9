# class: create-graph-then-inplace
import torch
import torch.nn as nn

torch.manual_seed(0)


class PINN(nn.Module):
    def __init__(self, layers):
        super().__init__()
        mods = []
        for a, b in zip(layers[:-2], layers[1:-1]):
            mods += [nn.Linear(a, b), nn.Tanh()]
        mods.append(nn.Linear(layers[-2], layers[-1]))
        self.net = nn.Sequential(*mods)

    def forward(self, x, t):
        return self.net(torch.cat([x, t], dim=1))


def residual(model, x, t, nu=0.1):
    u = model(x, t)
    ones = torch.ones_like(u)
    u_t = torch.autograd.grad(u, t, ones, create_graph=True)[0]
    u_x = torch.autograd.grad(u, x, ones, create_graph=True)[0]
    u_xx = torch.autograd.grad(u_x, x, ones, create_graph=True)[0]
    adv = u * u_x
    u_xx *= nu
    u_x.mul_(2.0)
    return u_t + adv - u_xx


model = PINN([2, 8, 8, 1])
optim = torch.optim.Adam(model.parameters(), lr=1e-3)
x = torch.rand(10, 1, requires_grad=True)
t = torch.rand(10, 1, requires_grad=True)
for epoch in range(1):
    optim.zero_grad()
    f = residual(model, x, t)
    loss = (f ** 2).mean()
    loss.backward()
    optim.step()
