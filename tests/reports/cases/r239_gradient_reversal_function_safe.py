# class: safe-custom-function
import torch
import torch.nn as nn
import torch.nn.functional as F
from torch.autograd import Function


class ReverseLayerF(Function):
    @staticmethod
    def forward(ctx, x, alpha):
        ctx.alpha = alpha
        return x.view_as(x)

    @staticmethod
    def backward(ctx, grad_output):
        return grad_output.neg() * ctx.alpha, None


class DANN(nn.Module):
    def __init__(self):
        super().__init__()
        self.feature = nn.Sequential(nn.Linear(4, 6), nn.ReLU(True))
        self.label, self.domain = nn.Linear(6, 3), nn.Sequential(nn.Linear(6, 4), nn.ReLU(True), nn.Linear(4, 2))

    def forward(self, x, alpha):
        f = self.feature(x)
        return self.label(f), self.domain(ReverseLayerF.apply(f, alpha))


torch.manual_seed(0)
net = DANN()
opt = torch.optim.SGD(net.parameters(), 0.1)
for step in range(2):
    xs, ys, xt = torch.randn(4, 4), torch.randint(0, 3, (4,)), torch.randn(4, 4)
    cls, ds = net(xs, 0.5)
    _, dt = net(xt, 0.5)
    loss = F.cross_entropy(cls, ys) + F.cross_entropy(ds, torch.zeros(4, dtype=torch.long)) + F.cross_entropy(dt, torch.ones(4, dtype=torch.long))
    opt.zero_grad()
    loss.backward()
    opt.step()
