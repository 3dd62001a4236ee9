# class: safe-func
import torch
from torch.func import jacrev, vmap

torch.manual_seed(0)
w = torch.randn(3, 3, requires_grad=True)


def dyn(x):
    return torch.tanh(w @ x)


xs = torch.randn(4, 3)
J = vmap(jacrev(dyn))(xs)
loss = J.pow(2).sum() + vmap(dyn)(xs).sum()
xs.mul_(0.5)
(w * 2).sum().backward()
