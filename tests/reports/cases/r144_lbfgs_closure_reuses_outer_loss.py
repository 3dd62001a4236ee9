# class: same-graph-twice
import torch
import torch.nn as nn

torch.manual_seed(0)
model = nn.Sequential(nn.Linear(2, 6), nn.Tanh(), nn.Linear(6, 1))
optimizer = torch.optim.LBFGS(model.parameters(), lr=0.5, max_iter=4)
x, y = torch.rand(10, 2), torch.rand(10, 1)
pred = model(x)


def closure():
    optimizer.zero_grad()
    loss = ((pred - y) ** 2).mean()
    loss.backward()
    return loss


optimizer.step(closure)
