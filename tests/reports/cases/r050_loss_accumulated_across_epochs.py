# class: same-graph-twice
import torch
import torch.nn as nn

torch.manual_seed(0)
model = nn.Sequential(nn.Linear(3, 5), nn.Sigmoid(), nn.Linear(5, 1))
opt = torch.optim.Adam(model.parameters())
total_loss = 0
history = []
for epoch in range(3):
    x, y = torch.randn(7, 3), torch.randn(7, 1)
    loss = nn.functional.mse_loss(model(x), y)
    total_loss += loss
    opt.zero_grad()
    total_loss.backward()
    opt.step()
    history.append(loss.item())
