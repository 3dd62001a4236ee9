# class: leaf-inplace
import torch
import torch.nn as nn

torch.manual_seed(0)
net = nn.Linear(3, 3)
criterion = nn.L1Loss(reduction="sum")
targets = torch.randn(4, 3)
total_loss = torch.zeros(1, requires_grad=True)
for row, target in zip(torch.randn(4, 3), targets):
    total_loss += criterion(net(row), target)
total_loss.backward()
