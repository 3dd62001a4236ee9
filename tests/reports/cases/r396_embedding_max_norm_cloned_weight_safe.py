# class: safe-embedding
import torch
import torch.nn as nn
import torch.nn.functional as F

torch.manual_seed(0)
user, item = nn.Embedding(6, 4, max_norm=1.0), nn.Embedding(8, 4, sparse=True)
opt_d = torch.optim.Adagrad(user.parameters(), lr=0.1)
opt_s = torch.optim.SparseAdam(list(item.parameters()))
for _ in range(2):
    u, i, j = torch.randint(0, 6, (5,)), torch.randint(0, 8, (5,)), torch.randint(0, 8, (5,))
    ue = user(u)
    diff = (ue * (item(i) - item(j))).sum(-1)
    loss = -F.logsigmoid(diff).mean()
    opt_d.zero_grad()
    opt_s.zero_grad()
    loss.backward()
    opt_d.step()
    opt_s.step()
