# class: data-write-saved
import torch
import torch.nn as nn
import torch.nn.functional as F


class VectorQuantizerEMA(nn.Module):
    def __init__(self, k, d, decay=0.9):
        super().__init__()
        self.embedding = nn.Embedding(k, d)
        self.register_buffer("cluster_size", torch.ones(k))
        self.ema_w = nn.Parameter(torch.randn(k, d))
        self.decay, self.k = decay, k

    def forward(self, z):
        dist = (z ** 2).sum(1, keepdim=True) + (self.embedding.weight ** 2).sum(1) - 2 * z @ self.embedding.weight.t()
        idx = dist.argmin(1)
        enc = F.one_hot(idx, self.k).to(z.dtype)
        soft = (-dist).softmax(1) @ self.embedding.weight
        if self.training:
            self.cluster_size = self.cluster_size * self.decay + (1 - self.decay) * enc.sum(0)
            dw = enc.t() @ z.detach()
            self.ema_w.data.mul_(self.decay).add_((1 - self.decay) * dw)
            self.embedding.weight.data.copy_(self.ema_w.data / self.cluster_size.unsqueeze(1))
        return soft, (z - soft.detach()).pow(2).mean()


torch.manual_seed(0)
enc, vq, dec = nn.Linear(3, 4), VectorQuantizerEMA(5, 4), nn.Linear(4, 3)
x = torch.randn(6, 3)
q, commit = vq(enc(x))
loss = F.mse_loss(dec(q), x) + commit
loss.backward()
