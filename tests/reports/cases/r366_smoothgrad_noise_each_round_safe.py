# class: safe-saliency
import torch
import torch.nn as nn


class SmoothGrad:
    def __init__(self, model, n_samples=3, stdev_spread=0.15, magnitude=True):
        self.model = model
        self.n_samples = n_samples
        self.stdev_spread = stdev_spread
        self.magnitude = magnitude

    def __call__(self, x, index=None):
        x = x.detach()
        stdev = self.stdev_spread * (x.max() - x.min())
        total = torch.zeros_like(x)
        for _ in range(self.n_samples):
            noise = torch.randn_like(x).mul_(stdev)
            xi = (x + noise).requires_grad_(True)
            out = self.model(xi)
            if index is None:
                index = out.argmax().item()
            self.model.zero_grad()
            out[0, index].backward()
            g = xi.grad
            if self.magnitude:
                g.pow_(2)
            total.add_(g)
        return total / self.n_samples


torch.manual_seed(0)
net = nn.Sequential(nn.Flatten(), nn.Linear(9, 4), nn.ReLU(inplace=True), nn.Linear(4, 3))
sal = SmoothGrad(net)(torch.rand(1, 1, 3, 3))
sal.clamp_(max=float(sal.max()))
