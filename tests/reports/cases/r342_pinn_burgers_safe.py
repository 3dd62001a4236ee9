# class: safe-pinn
import torch
import torch.nn as nn


class PINN(nn.Module):
    def __init__(self, layers):
        super().__init__()
        self.net = nn.Sequential()
        for i, (a, b) in enumerate(zip(layers[:-1], layers[1:])):
            self.net.add_module(f"lin{i}", nn.Linear(a, b))
            if i < len(layers) - 2:
                self.net.add_module(f"act{i}", nn.Tanh())

    def forward(self, x, t):
        return self.net(torch.cat([x, t], dim=1))


def grad(y, x):
    return torch.autograd.grad(y, x, torch.ones_like(y), create_graph=True)[0]


torch.manual_seed(0)
model = PINN([2, 8, 8, 1])
opt = torch.optim.Adam(model.parameters(), lr=1e-3)
x0 = torch.linspace(-1, 1, 6).unsqueeze(1)
u0 = -torch.sin(torch.pi * x0)
for epoch in range(2):
    x = torch.empty(8, 1).uniform_(-1, 1).requires_grad_()
    t = torch.rand(8, 1).requires_grad_()
    u = model(x, t)
    u_x, u_t = grad(u, x), grad(u, t)
    u_xx = grad(u_x, x)
    f = u_t + u * u_x - 0.003 * u_xx
    loss = f.square().mean() + (model(x0, torch.zeros_like(x0)) - u0).square().mean()
    opt.zero_grad()
    loss.backward()
    opt.step()
