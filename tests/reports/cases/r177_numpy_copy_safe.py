# class: safe-detached-copy
import numpy as np
import torch
import torch.nn as nn

torch.manual_seed(0)
frames = np.zeros((4, 3), dtype=np.float32)
net = nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 1))
opt = torch.optim.Adam(net.parameters())
for t in range(3):
    frames[:-1] = frames[1:].copy()
    frames[-1] = np.array([t, 1, 2], dtype=np.float32)
    obs = torch.tensor(frames)
    out = net(obs)
    logged = out.detach().cpu().numpy().copy()
    logged[logged < 0] = 0
    loss = out.pow(2).mean()
    frames *= 0.5
    opt.zero_grad()
    loss.backward()
    opt.step()
