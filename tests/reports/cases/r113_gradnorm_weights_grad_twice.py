# class: same-graph-twice
import torch
import torch.nn as nn

torch.manual_seed(0)
trunk = nn.Sequential(nn.Linear(3, 5), nn.Tanh())
heads = nn.ModuleList([nn.Linear(5, 1) for _ in range(2)])
log_w = torch.zeros(2, requires_grad=True)
optimizer = torch.optim.Adam([*trunk.parameters(), *heads.parameters(), log_w])
x, ys = torch.randn(8, 3), torch.randn(2, 8, 1)
for step in range(2):
    z = trunk(x)
    losses = torch.stack([nn.functional.mse_loss(h(z), y) for h, y in zip(heads, ys)])
    weighted = log_w.exp() * losses
    norms = []
    for wl in weighted:
        g = torch.autograd.grad(wl, trunk[0].weight, retain_graph=True)[0]
        norms.append(g.norm())
    total = weighted.sum()
    optimizer.zero_grad()
    total.backward()
    ratio = torch.stack(norms) / torch.stack(norms).mean()
    reg = (ratio.detach() * losses).sum()
    reg.backward()
    optimizer.step()
