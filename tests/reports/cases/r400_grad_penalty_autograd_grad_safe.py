# class: safe-double-backward
import torch
import torch.nn as nn

torch.manual_seed(0)
net = nn.Sequential(nn.Linear(2, 4), nn.Tanh(), nn.Linear(4, 1))
opt = torch.optim.SGD(net.parameters(), lr=0.1)
for _ in range(2):
    x = torch.randn(5, 2)
    loss = net(x).pow(2).mean()
    grads = torch.autograd.grad(loss, list(net.parameters()), create_graph=True)
    norm = torch.stack([g.pow(2).sum() for g in grads]).sum()
    opt.zero_grad(set_to_none=False)
    (loss + 1e-2 * norm).backward()
    opt.step()
