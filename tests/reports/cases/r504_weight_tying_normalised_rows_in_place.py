# class: leaf-inplace
import torch
import torch.nn as nn
import torch.nn.functional as F


class SkipGram(nn.Module):
    def __init__(self, n, d):
        super().__init__()
        self.u = nn.Embedding(n, d, sparse=True)
        self.v = nn.Embedding(n, d, sparse=True)
        self.init_emb(d)

    def init_emb(self, d):
        r = 0.5 / d
        self.u.weight.data.uniform_(-r, r)
        self.v.weight.data.zero_()

    def forward(self, pos_u, pos_v):
        return -F.logsigmoid((self.u(pos_u) * self.v(pos_v)).sum(1)).mean()

    def renorm(self):
        for emb in (self.u, self.v):
            emb.weight.div_(emb.weight.norm(dim=1, keepdim=True).clamp(min=1e-6))


torch.manual_seed(0)
model = SkipGram(6, 4)
opt = torch.optim.SGD(model.parameters(), lr=0.1)
for _ in range(2):
    opt.zero_grad()
    loss = model(torch.tensor([0, 1]), torch.tensor([2, 3]))
    loss.backward()
    opt.step()
    model.renorm()
