# class: grad-zeroed
import torch
import torch.nn as nn

torch.manual_seed(0)
net = nn.Sequential(nn.Linear(2, 4), nn.Tanh(), nn.Linear(4, 1))
x = torch.randn(5, 2)
loss = net(x).pow(2).mean()
loss.backward(create_graph=True)
norm = sum((p.grad**2).sum() for p in net.parameters())
for p in net.parameters():
    p.grad.zero_()
(1e-2 * norm).backward()
