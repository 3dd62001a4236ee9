# class: safe-param-update
import random

import torch
import torch.nn as nn


class PCGrad:
    def __init__(self, optimizer):
        self._optim = optimizer

    def _flat(self, loss):
        self._optim.zero_grad(set_to_none=True)
        loss.backward(retain_graph=True)
        out = []
        for g in self._optim.param_groups:
            for p in g["params"]:
                out.append(torch.zeros_like(p).flatten() if p.grad is None else p.grad.clone().flatten())
        return torch.cat(out)

    def pc_backward(self, losses):
        grads = [self._flat(l) for l in losses]
        proj = [g.clone() for g in grads]
        for gi in proj:
            random.shuffle(grads)
            for gj in grads:
                dot = torch.dot(gi, gj)
                if dot < 0:
                    gi -= dot * gj / gj.norm() ** 2
        merged = torch.stack(proj).mean(0)
        idx = 0
        for g in self._optim.param_groups:
            for p in g["params"]:
                n = p.numel()
                p.grad = merged[idx : idx + n].view_as(p).clone()
                idx += n

    def step(self):
        return self._optim.step()


torch.manual_seed(0)
trunk, heads = nn.Linear(3, 4), nn.ModuleList([nn.Linear(4, 1), nn.Linear(4, 1)])
opt = PCGrad(torch.optim.Adam([*trunk.parameters(), *heads.parameters()]))
x, y = torch.randn(6, 3), torch.randn(2, 6, 1)
for _ in range(2):
    h = torch.tanh(trunk(x))
    opt.pc_backward([(head(h) - t).pow(2).mean() for head, t in zip(heads, y)])
    opt.step()
