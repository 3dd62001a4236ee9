# class: safe-foreach
import torch
import torch.nn as nn

torch.manual_seed(0)
net = nn.Sequential(nn.Linear(3, 4), nn.Softplus(), nn.Linear(4, 1))
params = list(net.parameters())
exp_avg = [torch.zeros_like(p) for p in params]
for step in range(1, 4):
    loss = net(torch.randn(5, 3)).pow(2).mean()
    for p in params:
        p.grad = None
    loss.backward()
    grads = [p.grad for p in params]
    norms = torch._foreach_norm(grads)
    total = torch.stack(norms).norm()
    torch._foreach_mul_(grads, min(1.0, 1.0 / (total.item() + 1e-6)))
    torch._foreach_lerp_(exp_avg, grads, 0.1)
    with torch.no_grad():
        torch._foreach_add_(params, exp_avg, alpha=-0.01)
