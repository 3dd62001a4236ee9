# class: create-graph-then-inplace
import torch
import torch.nn as nn


class EnergyNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.mlp = nn.Sequential(nn.Linear(1, 8), nn.SiLU(), nn.Linear(8, 1))

    def forward(self, pos):
        diff = pos.unsqueeze(0) - pos.unsqueeze(1)
        mask = ~torch.eye(pos.size(0), dtype=torch.bool)
        d = diff[mask].norm(dim=-1, keepdim=True)
        return self.mlp(d).sum()


torch.manual_seed(0)
net = EnergyNet()
opt = torch.optim.Adam(net.parameters())
coords = torch.randn(4, 3)
pos = coords.clone().requires_grad_()
energy = net(pos)
forces = -torch.autograd.grad(energy, pos, create_graph=True)[0]
forces -= forces.mean(0, keepdim=True)
e_true, f_true = torch.zeros(()), torch.zeros(4, 3)
loss = (energy - e_true).pow(2) + (forces - f_true).pow(2).mean()
opt.zero_grad()
loss.backward()
opt.step()
