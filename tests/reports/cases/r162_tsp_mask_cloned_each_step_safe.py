# class: safe-clone-first
import torch
import torch.nn as nn


class Decoder(nn.Module):
    def __init__(self, d=4):
        super().__init__()
        self.emb, self.key, self.query = nn.Linear(2, d), nn.Linear(d, d), nn.Linear(d, d)

    def forward(self, xy):
        h = self.emb(xy)
        K = self.key(h)
        b, n, d = h.shape
        mask = torch.zeros(b, n).bool()
        ctx, total = h.mean(1), 0
        for _ in range(n - 1):
            logits = torch.einsum("bd,bnd->bn", self.query(ctx), K)
            logits[mask] = -1e9
            lp = torch.log_softmax(logits, -1)
            nxt = lp.argmax(-1)
            total = total + lp[torch.arange(b), nxt]
            mask = mask.clone()
            mask[torch.arange(b), nxt] = True
            ctx = h[torch.arange(b), nxt]
        return total


torch.manual_seed(0)
net = Decoder()
net(torch.rand(2, 4, 2)).mean().neg().backward()
