# class: optimizer-step-between-fused
import torch
import torch.nn as nn

torch.manual_seed(0)
G = nn.Sequential(nn.Linear(2, 4), nn.Tanh(), nn.Linear(4, 3))
D = nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 1))
opt_g = torch.optim.Adam(G.parameters(), lr=1e-1, fused=True)
opt_d = torch.optim.Adam(D.parameters(), lr=1e-1, fused=True)
fake = G(torch.randn(6, 2))
score = D(fake)
d_loss, g_loss = score.pow(2).mean(), -score.mean()
opt_d.zero_grad()
d_loss.backward(retain_graph=True)
opt_d.step()
opt_g.zero_grad()
g_loss.backward()
opt_g.step()
