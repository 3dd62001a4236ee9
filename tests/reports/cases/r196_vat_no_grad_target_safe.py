# class: safe-detached-copy
import torch
import torch.nn as nn
import torch.nn.functional as F


class VAT(nn.Module):
    def __init__(self, xi=1e-1, eps=1.0, ip=2):
        super().__init__()
        self.xi, self.eps, self.ip = xi, eps, ip

    @staticmethod
    def normalise(d):
        n = d.flatten(1).norm(dim=1).view(-1, 1)
        d = d / (n + 1e-8)
        return d

    def forward(self, model, x):
        with torch.no_grad():
            pred = F.softmax(model(x), dim=1)
        d = self.normalise(torch.randn_like(x))
        for _ in range(self.ip):
            d.requires_grad_(True)
            lp = F.log_softmax(model(x + self.xi * d), 1)
            (g,) = torch.autograd.grad(F.kl_div(lp, pred, reduction="batchmean"), [d])
            d = self.normalise(g)
        return F.kl_div(F.log_softmax(model(x + d * self.eps), 1), pred, reduction="batchmean")


torch.manual_seed(0)
model = nn.Sequential(nn.Linear(4, 6), nn.ReLU(inplace=True), nn.Linear(6, 3))
opt = torch.optim.SGD(model.parameters(), 0.1)
vat = VAT()
for x in torch.randn(2, 5, 4):
    loss = vat(model, x)
    opt.zero_grad()
    loss.backward()
    opt.step()
