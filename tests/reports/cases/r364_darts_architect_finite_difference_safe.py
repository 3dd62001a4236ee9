# class: safe-darts
import torch
import torch.nn as nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.w = nn.Linear(3, 3)
        self.v = nn.Linear(3, 1)
        self.alpha = nn.Parameter(1e-3 * torch.randn(2))

    def arch_parameters(self):
        return [self.alpha]

    def weights(self):
        return [p for n, p in self.named_parameters() if n != "alpha"]

    def loss(self, x, y):
        a = torch.softmax(self.alpha, 0)
        h = self.w(x)
        return (self.v(a[0] * torch.relu(h) + a[1] * torch.tanh(h)) - y).pow(2).mean()


def hvp(net, vector, x, y, r=1e-2):
    R = r / torch.cat([g.view(-1) for g in vector]).norm()
    for p, v in zip(net.weights(), vector):
        p.data.add_(v, alpha=R.item())
    grads_p = torch.autograd.grad(net.loss(x, y), net.arch_parameters())
    for p, v in zip(net.weights(), vector):
        p.data.sub_(2 * R.item() * v)
    grads_n = torch.autograd.grad(net.loss(x, y), net.arch_parameters())
    for p, v in zip(net.weights(), vector):
        p.data.add_(v, alpha=R.item())
    return [(a - b).div_(2 * R) for a, b in zip(grads_p, grads_n)]


torch.manual_seed(0)
net = Net()
opt = torch.optim.Adam(net.arch_parameters(), lr=3e-4)
x, y = torch.randn(4, 3), torch.randn(4, 1)
opt.zero_grad()
loss = net.loss(x, y)
loss.backward()
dalpha = [a.grad for a in net.arch_parameters()]
vector = [p.grad.data for p in net.weights()]
for g, ig in zip(dalpha, hvp(net, vector, x, y)):
    g.data.sub_(ig.data, alpha=0.1)
opt.step()
