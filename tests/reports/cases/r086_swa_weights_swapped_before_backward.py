# class: parameter-edit-between
import torch
import torch.nn as nn

torch.manual_seed(0)
model = nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 1))
swa_model = torch.optim.swa_utils.AveragedModel(model)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
x, y = torch.randn(8, 3), torch.randn(8, 1)
for epoch in range(2):
    optimizer.zero_grad()
    loss = nn.functional.mse_loss(model(x), y)
    if epoch == 1:
        with torch.no_grad():
            for p, s in zip(model.parameters(), swa_model.module.parameters()):
                p.copy_(s)
    loss.backward()
    optimizer.step()
    swa_model.update_parameters(model)
