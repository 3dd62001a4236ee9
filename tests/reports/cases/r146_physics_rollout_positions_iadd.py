# class: saved-input-inplace
import torch
import torch.nn as nn


class Spring(nn.Module):
    def __init__(self):
        super().__init__()
        self.k = nn.Parameter(torch.tensor(1.5))
        self.damp = nn.Parameter(torch.tensor(0.1))

    def force(self, x, v):
        return -self.k * x - self.damp * v


def simulate(sys, x0, v0, dt=0.1, steps=3):
    x, v = x0.clone(), v0.clone()
    traj = []
    for _ in range(steps):
        a = sys.force(x, v)
        v += dt * a
        x += dt * v
        traj.append(x.clone())
    return torch.stack(traj)


torch.manual_seed(0)
spring = Spring()
opt = torch.optim.Adam(spring.parameters(), lr=0.05)
obs = torch.randn(3, 2)
loss = (simulate(spring, torch.ones(2), torch.zeros(2)) - obs).pow(2).mean()
opt.zero_grad()
loss.backward()
opt.step()
