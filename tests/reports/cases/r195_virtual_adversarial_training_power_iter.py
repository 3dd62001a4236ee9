# class: same-graph-twice
import torch
import torch.nn as nn
import torch.nn.functional as F


def _l2(d):
    d /= d.flatten(1).norm(dim=1, keepdim=True) + 1e-8
    return d


class VAT(nn.Module):
    def __init__(self, xi=1e-1, eps=1.0, ip=1):
        super().__init__()
        self.xi, self.eps, self.ip = xi, eps, ip

    def forward(self, model, x):
        pred = F.softmax(model(x), dim=1)
        d = _l2(torch.rand(x.shape).sub(0.5))
        for _ in range(self.ip):
            d.requires_grad_()
            adv = F.kl_div(F.log_softmax(model(x + self.xi * d), 1), pred, reduction="batchmean")
            adv.backward()
            d = _l2(d.grad)
            model.zero_grad()
        return F.kl_div(F.log_softmax(model(x + d * self.eps), 1), pred, reduction="batchmean")


torch.manual_seed(0)
model = nn.Sequential(nn.Linear(4, 6), nn.ReLU(), nn.Linear(6, 3))
lds = VAT()(model, torch.randn(5, 4))
lds.backward()
