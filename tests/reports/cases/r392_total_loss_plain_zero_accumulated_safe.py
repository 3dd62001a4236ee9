# class: safe-accumulation
import torch
import torch.nn as nn

torch.manual_seed(0)
net = nn.Linear(3, 3)
total_loss = torch.zeros(1)
stats = {"n": 0, "sum": torch.zeros(())}
for row, target in zip(torch.randn(4, 3), torch.randn(4, 3)):
    loss = (net(row) - target).abs().sum()
    total_loss += loss
    stats["n"] += 1
    stats["sum"] += loss.detach()
total_loss /= stats["n"]
total_loss.backward()
