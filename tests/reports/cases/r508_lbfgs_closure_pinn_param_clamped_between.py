# class: leaf-inplace
import torch
import torch.nn as nn


class Inverse(nn.Module):
    def __init__(self):
        super().__init__()
        self.net = nn.Sequential(nn.Linear(1, 8), nn.Tanh(), nn.Linear(8, 1))
        self.k = nn.Parameter(torch.tensor([0.5]))

    def loss(self, x, data):
        x.requires_grad = True
        u = self.net(x)
        du = torch.autograd.grad(u.sum(), x, create_graph=True)[0]
        return ((du - self.k * u) ** 2).mean() + ((u - data) ** 2).mean()


torch.manual_seed(0)
m = Inverse()
x = torch.linspace(0, 1, 6).unsqueeze(1)
data = torch.exp(0.7 * x)
opt = torch.optim.LBFGS(m.parameters(), lr=0.5, max_iter=3, line_search_fn="strong_wolfe")


def closure():
    opt.zero_grad()
    l = m.loss(x, data)
    l.backward()
    return l


for epoch in range(2):
    opt.step(closure)
    m.k.clamp_(0.0, 2.0)
