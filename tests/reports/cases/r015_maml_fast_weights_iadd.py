# class: leaf-inplace
import torch
import torch.nn as nn
import torch.nn.functional as F

torch.manual_seed(0)
model = nn.Linear(2, 1)
meta_opt = torch.optim.SGD(model.parameters(), lr=1e-2)


def inner_loop(net, x, y, lr):
    loss = F.mse_loss(net(x), y)
    grads = torch.autograd.grad(loss, net.parameters(), create_graph=True)
    for w, g in zip(net.parameters(), grads):
        w -= lr * g
    return net


for task in range(2):
    xs, ys, xq, yq = torch.randn(5, 2), torch.randn(5, 1), torch.randn(5, 2), torch.randn(5, 1)
    fast = inner_loop(model, xs, ys, 0.1)
    meta_loss = F.mse_loss(fast(xq), yq)
    meta_opt.zero_grad()
    meta_loss.backward()
    meta_opt.step()
