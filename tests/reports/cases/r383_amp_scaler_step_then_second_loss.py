# class: optimizer-step-between
import torch
import torch.nn as nn

torch.manual_seed(0)
enc, dec = nn.Linear(4, 3), nn.Linear(3, 4)
opt_e = torch.optim.Adam(enc.parameters(), lr=1e-3)
opt_d = torch.optim.Adam(dec.parameters(), lr=1e-3)
scaler = torch.amp.GradScaler("cpu", enabled=False)
x = torch.randn(5, 4)
for _ in range(2):
    z = enc(x)
    rec = dec(torch.tanh(z))
    loss_d = (rec - x).pow(2).mean()
    loss_e = loss_d * 0.5 + z.pow(2).mean()
    opt_d.zero_grad()
    scaler.scale(loss_d).backward(retain_graph=True)
    scaler.step(opt_d)
    opt_e.zero_grad()
    scaler.scale(loss_e).backward()
    scaler.step(opt_e)
    scaler.update()
