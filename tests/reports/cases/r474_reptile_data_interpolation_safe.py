# class: safe-param-update
import torch
import torch.nn as nn
import torch.nn.functional as F

torch.manual_seed(0)
net = nn.Sequential(nn.Linear(1, 16), nn.Tanh(), nn.Linear(16, 1))
inner, outer = 0.02, 0.1
for it in range(2):
    before = {k: v.clone() for k, v in net.state_dict().items()}
    for _ in range(3):
        x = torch.rand(6, 1)
        net.zero_grad()
        F.mse_loss(net(x), torch.sin(x)).backward()
        for p in net.parameters():
            p.data -= inner * p.grad.data
    after = net.state_dict()
    net.load_state_dict({k: before[k] + (after[k] - before[k]) * outer for k in before})
