# class: view-of-leaf
import torch
import torch.nn as nn
import torch.nn.functional as F

torch.manual_seed(0)
net = nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU(inplace=True), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(4, 5)).eval()
image, target = torch.rand(1, 3, 8, 8), torch.tensor([2])
adv = image.clone()
adv.requires_grad = True
size, lr = 3, 0.1
for it in range(2):
    loss = F.cross_entropy(net(adv), target)
    (g,) = torch.autograd.grad(loss, adv)
    row = col = it
    adv[:, :, row : row + size, col : col + size] -= lr * g[:, :, row : row + size, col : col + size].sign()
