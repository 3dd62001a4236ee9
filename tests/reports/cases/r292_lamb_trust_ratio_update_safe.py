# class: safe-param-update
import torch
import torch.nn as nn
from torch.optim import Optimizer


class Lamb(Optimizer):
    def __init__(self, params, lr=1e-2, betas=(0.9, 0.999), eps=1e-6, weight_decay=0.01):
        super().__init__(params, dict(lr=lr, betas=betas, eps=eps, weight_decay=weight_decay))

    @torch.no_grad()
    def step(self, closure=None):
        loss = None
        if closure is not None:
            with torch.enable_grad():
                loss = closure()
        for group in self.param_groups:
            b1, b2 = group["betas"]
            for p in group["params"]:
                if p.grad is None:
                    continue
                state = self.state[p]
                if len(state) == 0:
                    state["m"], state["v"] = torch.zeros_like(p), torch.zeros_like(p)
                m, v = state["m"], state["v"]
                m.mul_(b1).add_(p.grad, alpha=1 - b1)
                v.mul_(b2).addcmul_(p.grad, p.grad, value=1 - b2)
                upd = m / v.sqrt().add_(group["eps"])
                upd.add_(p, alpha=group["weight_decay"])
                ratio = p.norm().clamp_(0, 10) / upd.norm().clamp_(min=1e-6)
                p.add_(upd, alpha=-group["lr"] * ratio.item())
        return loss


torch.manual_seed(0)
net = nn.Sequential(nn.Linear(3, 5), nn.SELU(inplace=True), nn.Linear(5, 1))
opt = Lamb(net.parameters())
for _ in range(3):
    opt.zero_grad()
    net(torch.randn(6, 3)).square().mean().backward()
    opt.step()
