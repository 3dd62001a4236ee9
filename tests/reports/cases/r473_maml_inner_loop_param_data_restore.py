# class: parameter-edit-between
import copy

import torch
import torch.nn as nn
import torch.nn.functional as F

torch.manual_seed(0)
net = nn.Sequential(nn.Linear(1, 16), nn.ReLU(), nn.Linear(16, 1))
meta_opt = torch.optim.Adam(net.parameters(), lr=1e-3)
inner_lr, tasks = 0.01, 2

for it in range(2):
    weights_before = copy.deepcopy(net.state_dict())
    query_losses = []
    for _ in range(tasks):
        a, ph = torch.rand(1) * 4 + 1, torch.rand(1) * 3
        xs, xq = torch.rand(5, 1), torch.rand(5, 1)
        ys, yq = a * torch.sin(xs + ph), a * torch.sin(xq + ph)
        loss = F.mse_loss(net(xs), ys)
        grads = torch.autograd.grad(loss, net.parameters())
        for p, g in zip(net.parameters(), grads):
            p.data.sub_(inner_lr * g)
        query_losses.append(F.mse_loss(net(xq), yq))
        net.load_state_dict(weights_before)
    meta_loss = torch.stack(query_losses).mean()
    meta_opt.zero_grad()
    meta_loss.backward()
    meta_opt.step()
