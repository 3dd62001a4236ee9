# class: graph-reused
import numpy as np
import torch
import torch.nn as nn

torch.manual_seed(0)
net = nn.Sequential(nn.Conv2d(1, 2, 3), nn.ReLU(), nn.Flatten(), nn.Linear(2 * 16, 3))
x = torch.rand(1, 1, 6, 6, requires_grad=True)
output = net(x)
total = torch.zeros_like(x)
for i in range(3):
    index = int(np.argmax(output.data.numpy()))
    one_hot = np.zeros((1, output.size()[-1]), dtype=np.float32)
    one_hot[0][index] = 1
    one_hot = torch.sum(torch.from_numpy(one_hot).to(output.dtype) * output)
    if x.grad is not None:
        x.grad.data.zero_()
    one_hot.backward()
    total += x.grad.data
