# class: safe-numpy
import numpy as np
import torch
import torch.nn as nn

torch.manual_seed(0)
net = nn.Linear(3, 1)
x = torch.linspace(-1, 1, 12).view(4, 3)
history = []
for _ in range(2):
    out = net(x)
    arr = out.detach().cpu().numpy().copy()
    arr[arr < 0] = 0
    arr *= 100
    history.append(np.round(arr, 2))
    loss = torch.nn.functional.softplus(out).mean()
    net.zero_grad()
    loss.backward()
    with torch.no_grad():
        for p in net.parameters():
            p -= 0.1 * p.grad
