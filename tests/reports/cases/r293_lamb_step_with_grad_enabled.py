# class: leaf-inplace
import torch
import torch.nn as nn
from torch.optim import Optimizer


class SignSGD(Optimizer):
    def __init__(self, params, lr=1e-2):
        super().__init__(params, dict(lr=lr))

    def step(self, closure=None):
        for group in self.param_groups:
            for p in group["params"]:
                if p.grad is None:
                    continue
                state = self.state[p]
                state["step"] = state.get("step", 0) + 1
                p.add_(p.grad.sign(), alpha=-group["lr"])


torch.manual_seed(0)
net = nn.Linear(3, 1)
opt = SignSGD(net.parameters())
for _ in range(2):
    opt.zero_grad()
    net(torch.randn(4, 3)).abs().mean().backward()
    opt.step()
