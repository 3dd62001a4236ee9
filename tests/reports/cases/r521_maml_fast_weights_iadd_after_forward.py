# class: saved-input-inplace
from collections import OrderedDict

import torch
import torch.nn as nn
import torch.nn.functional as F

torch.manual_seed(0)
net = nn.Sequential(OrderedDict([("l1", nn.Linear(1, 8)), ("relu", nn.ReLU()), ("l2", nn.Linear(8, 1))]))


def forward(x, w):
    h = F.relu(F.linear(x, w["l1.weight"], w["l1.bias"]))
    return F.linear(h, w["l2.weight"], w["l2.bias"])


x, y = torch.rand(5, 1), torch.rand(5, 1)
fast = OrderedDict((n, p.clone()) for n, p in net.named_parameters())
for _ in range(2):
    loss = F.mse_loss(forward(x, fast), y)
    grads = torch.autograd.grad(loss, fast.values(), create_graph=True)
    for (name, w), g in zip(fast.items(), grads):
        w -= 0.01 * g
meta = F.mse_loss(forward(x, fast), y)
meta.backward()
