# class: safe-optimizer-order
import torch
import torch.nn as nn

torch.manual_seed(0)
enc, heads = nn.Sequential(nn.Linear(3, 8), nn.ReLU(True)), nn.ModuleDict({"a": nn.Linear(8, 2), "b": nn.Linear(8, 3)})
optims = [torch.optim.SGD(m.parameters(), lr=0.1) for m in (enc, *heads.values())]
for _ in range(2):
    z = enc(torch.randn(4, 3))
    ls = [h(z).pow(2).mean() for h in heads.values()]
    for o in optims:
        o.zero_grad(set_to_none=True)
    *first, last = ls
    for l in first:
        l.backward(retain_graph=True)
    last.backward()
    for o in optims:
        o.step()
