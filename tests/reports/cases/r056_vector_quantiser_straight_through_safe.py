# class: safe-detached-copy
import torch
import torch.nn as nn
import torch.nn.functional as F


class VectorQuantizerEMA(nn.Module):
    def __init__(self, n=6, d=3, decay=0.9):
        super().__init__()
        self.register_buffer("codebook", torch.randn(n, d))
        self.register_buffer("counts", torch.zeros(n))
        self.register_buffer("sums", self.codebook.clone())
        self.decay = decay

    def forward(self, z):
        dist = torch.cdist(z.detach(), self.codebook)
        idx = dist.argmin(1)
        q = self.codebook[idx]
        if self.training:
            onehot = F.one_hot(idx, self.counts.numel()).type_as(z)
            self.counts.mul_(self.decay).add_(onehot.sum(0), alpha=1 - self.decay)
            self.sums.mul_(self.decay).add_(onehot.t() @ z.detach(), alpha=1 - self.decay)
            self.codebook.copy_(self.sums / (self.counts + 1e-5).unsqueeze(1))
        commit = F.mse_loss(z, q.detach())
        q = z + (q - z).detach()
        return q, commit


torch.manual_seed(0)
enc, dec, vq = nn.Linear(5, 3), nn.Linear(3, 5), VectorQuantizerEMA()
opt = torch.optim.Adam([*enc.parameters(), *dec.parameters()], 1e-3)
for _ in range(2):
    x = torch.randn(8, 5)
    q, commit = vq(enc(x))
    loss = F.mse_loss(dec(q), x) + 0.25 * commit
    opt.zero_grad()
    loss.backward()
    opt.step()
