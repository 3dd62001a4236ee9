# class: safe-func
import torch
from torch.func import grad, grad_and_value, vmap

torch.manual_seed(0)
params = {"w1": torch.randn(3, 4), "w2": torch.randn(4)}


def predict(p, x):
    h = x @ p["w1"]
    h = h * 1.5
    h += 0.1
    return torch.tanh(h) @ p["w2"]


def loss(p, x, y):
    return (predict(p, x) - y) ** 2


xs, ys = torch.randn(5, 3), torch.randn(5)
per_sample = vmap(grad(loss), in_dims=(None, 0, 0))(params, xs, ys)
flat = torch.cat([g.flatten(1) for g in per_sample.values()], 1)
flat.div_(flat.norm(dim=1, keepdim=True).clamp_(min=1.0))
g, value = grad_and_value(lambda p: loss(p, xs[0], ys[0]))(params)
for k in params:
    params[k] -= 0.1 * g[k]
