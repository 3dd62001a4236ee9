# class: same-graph-twice
import torch
import torch.nn as nn
import torch.nn.functional as F

torch.manual_seed(0)
model = nn.Sequential(nn.Flatten(), nn.Linear(9, 6), nn.Tanh(), nn.Linear(6, 3))
opt = torch.optim.SGD(model.parameters(), lr=0.1)
loader = [(torch.rand(4, 1, 3, 3), torch.randint(0, 3, (4,))) for _ in range(2)]
eps = 0.1
for x, y in loader:
    x.requires_grad_(True)
    clean = F.cross_entropy(model(x), y)
    grad, = torch.autograd.grad(clean, x)
    x_adv = (x + eps * grad.sign()).clamp(0, 1).detach()
    adv = F.cross_entropy(model(x_adv), y)
    loss = 0.5 * clean + 0.5 * adv
    opt.zero_grad()
    loss.backward()
    opt.step()
