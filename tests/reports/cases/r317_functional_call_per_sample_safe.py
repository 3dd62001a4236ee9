# class: safe-functional
import torch
import torch.nn as nn
from torch.func import functional_call, grad, vmap

torch.manual_seed(0)
net = nn.Sequential(nn.Linear(3, 5), nn.Tanh(), nn.Linear(5, 1))
params = {k: v.detach() for k, v in net.named_parameters()}


def compute_loss(p, sample, target):
    out = functional_call(net, p, (sample.unsqueeze(0),))
    return (out.squeeze(0) - target).pow(2).sum()


per_sample = vmap(grad(compute_loss), in_dims=(None, 0, 0))
x, y = torch.randn(6, 3), torch.randn(6, 1)
grads = per_sample(params, x, y)
norms = torch.stack([g.flatten(1).norm(dim=1) for g in grads.values()]).norm(dim=0)
scale = (1.0 / (norms + 1e-6)).clamp_(max=1.0)
for k, p in net.named_parameters():
    g = grads[k]
    g.mul_(scale.view(-1, *[1] * (g.dim() - 1)))
    p.grad = g.mean(0)
torch.optim.SGD(net.parameters(), lr=0.1).step()
loss = (net(x) - y).pow(2).mean()
loss.backward()
