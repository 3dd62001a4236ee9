# class: safe-mask-building
import math

import torch
import torch.nn as nn
import torch.nn.functional as F


class AddMargin(nn.Module):
    def __init__(self, i, o, s=8.0, m=0.35):
        super().__init__()
        self.s, self.m = s, m
        self.weight = nn.Parameter(torch.randn(o, i))
        nn.init.kaiming_uniform_(self.weight, a=math.sqrt(5))

    def forward(self, x, label):
        cos = F.linear(F.normalize(x), F.normalize(self.weight))
        one_hot = torch.zeros(cos.size())
        one_hot.scatter_(1, label.view(-1, 1).long(), 1)
        out = one_hot * (cos - self.m) + (1.0 - one_hot) * cos
        out *= self.s
        return out

    def __repr__(self):
        return f"{self.__class__.__name__}(s={self.s})"


torch.manual_seed(0)
net = nn.Sequential(nn.Linear(6, 4), nn.PReLU())
head = AddMargin(4, 5)
params = [p for m in (net, head) for p in m.parameters() if p.requires_grad]
opt = torch.optim.SGD(params, lr=0.1, weight_decay=5e-4)
for i in range(2):
    x, y = torch.randn(3, 6), torch.randint(0, 5, (3,))
    loss = nn.CrossEntropyLoss(label_smoothing=0.1)(head(net(x), y), y)
    opt.zero_grad()
    loss.backward()
    opt.step()
