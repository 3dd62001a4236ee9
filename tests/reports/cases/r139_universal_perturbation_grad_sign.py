# class: leaf-inplace
import torch
import torch.nn as nn
import torch.nn.functional as F

torch.manual_seed(0)
model = nn.Sequential(nn.Flatten(), nn.Linear(9, 4))
for param in model.parameters():
    param.requires_grad = False
uap = torch.zeros(1, 1, 3, 3, requires_grad=True)
eps, lr = 0.2, 0.05
for x, y in zip(torch.rand(3, 2, 1, 3, 3), torch.randint(0, 4, (3, 2))):
    loss = -F.cross_entropy(model(x + uap), y)
    loss.backward()
    uap -= lr * uap.grad.sign()
    uap.data.clamp_(-eps, eps)
    uap.grad.zero_()
