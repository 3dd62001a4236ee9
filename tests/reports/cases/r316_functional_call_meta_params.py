# class: saved-input-inplace
import torch
import torch.nn as nn
from torch.func import functional_call

torch.manual_seed(0)
net = nn.Sequential(nn.Linear(3, 5), nn.Tanh(), nn.Linear(5, 1))
params = {k: v.detach().clone().requires_grad_() for k, v in net.named_parameters()}
meta_lr = nn.Parameter(torch.tensor(0.1))
x, y = torch.randn(8, 3), torch.randn(8, 1)

fast = {k: v * 1.0 for k, v in params.items()}
inner = (functional_call(net, fast, (x,)) - y).pow(2).mean()
grads = torch.autograd.grad(inner, list(fast.values()), create_graph=True)
for (k, w), g in zip(fast.items(), grads):
    w -= meta_lr * g
outer = (functional_call(net, fast, (x,)) - y).pow(2).mean()
outer.backward()
