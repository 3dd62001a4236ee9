# class: safe-param-update
import torch
import torch.nn as nn
import torch.nn.functional as F

torch.manual_seed(0)
ent, rel = nn.Embedding(6, 4), nn.Embedding(3, 4)
nn.init.xavier_uniform_(ent.weight.data)
rel.weight.data = F.normalize(rel.weight.data, p=2, dim=1)
opt = torch.optim.Adagrad([{"params": ent.parameters()}, {"params": rel.parameters(), "lr": 0.01}], lr=0.1)
for _ in range(2):
    ent.weight.data.renorm_(2, 0, 1)
    h, r, t = torch.tensor([0, 1]), torch.tensor([0, 2]), torch.tensor([3, 4])
    neg = t[torch.randperm(2)]
    d_pos = (ent(h) + rel(r) - ent(t)).norm(p=1, dim=1)
    d_neg = (ent(h) + rel(r) - ent(neg)).norm(p=1, dim=1)
    loss = F.relu(1.0 + d_pos - d_neg).sum()
    opt.zero_grad()
    loss.backward()
    opt.step()
