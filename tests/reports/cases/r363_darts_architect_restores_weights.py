# class: optimizer-step-between
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

    def forward(self, x):
        a = torch.softmax(self.alpha, 0)
        h = self.w(x)
        return self.v(a[0] * torch.relu(h) + a[1] * torch.tanh(h))


def hessian_vector_product(net, vector, x, y, r=1e-2):
    R = r / torch.cat([g.view(-1) for g in vector]).norm()
    loss_p = (net(x) - y).pow(2).mean()
    for p, g in zip(net.weights(), vector):
        p.data.add_(g, alpha=R.item())
    with torch.no_grad():
        for p, g in zip(net.weights(), vector):
            p.sub_(2 * R * g)
    loss_n = (net(x) - y).pow(2).mean()
    grads_n = torch.autograd.grad(loss_n, net.arch_parameters())
    grads_p = torch.autograd.grad(loss_p, net.arch_parameters())
    return [(a - b).div_(2 * R) for a, b in zip(grads_p, grads_n)]


torch.manual_seed(0)
net = Net()
x, y = torch.randn(4, 3), torch.randn(4, 1)
grads = torch.autograd.grad((net(x) - y).pow(2).mean(), net.weights())
hessian_vector_product(net, grads, x, y)
