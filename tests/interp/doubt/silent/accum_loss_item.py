import torch
from torch import nn

def run(n):
    m = nn.Linear(4, 4)
    total, count = 0.0, 0
    preds = []
    for i in range(n):
        o = m(torch.rand(2, 4))
        l = o.pow(2).mean()
        l.backward()
        total += l.item(); count += 1
        p = o.detach()
        p.clamp_(0, 1)
        preds.append(p)
    torch.cat(preds).mul_(2)
run(3)
