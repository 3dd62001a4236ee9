# class: parameter-edit-between
import torch
import torch.nn as nn
import torch.nn.functional as F

torch.manual_seed(0)
model = nn.Sequential(nn.Linear(4, 8), nn.Tanh(), nn.Linear(8, 3))
base = torch.optim.SGD(model.parameters(), lr=0.1)


def ascend(rho=0.05):
    eps = []
    with torch.no_grad():
        for p in model.parameters():
            e = rho * p.grad
            p.add_(e)
            eps.append(e)
    return eps


x, y = torch.randn(6, 4), torch.randint(0, 3, (6,))
loss = F.cross_entropy(model(x), y)
loss.backward(retain_graph=True)
eps = ascend()
base.zero_grad()
loss.backward()
with torch.no_grad():
    for p, e in zip(model.parameters(), eps):
        p.sub_(e)
base.step()
