# class: precomputed-outside-loop
import torch
import torch.nn as nn

torch.manual_seed(0)
model = nn.Linear(4, 1)
opt = torch.optim.SGD(model.parameters(), lr=0.01)
l2 = sum(p.pow(2).sum() for p in model.parameters())
for i in range(3):
    x, y = torch.randn(8, 4), torch.randn(8, 1)
    loss = (model(x) - y).pow(2).mean() + 1e-3 * l2
    opt.zero_grad()
    loss.backward()
    opt.step()
