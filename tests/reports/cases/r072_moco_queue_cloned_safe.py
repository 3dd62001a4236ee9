# class: safe-clone-first
import torch
import torch.nn as nn
import torch.nn.functional as F


class MoCo(nn.Module):
    def __init__(self, dim=4, K=8):
        super().__init__()
        self.K = K
        self.encoder_q, self.encoder_k = nn.Linear(6, dim), nn.Linear(6, dim)
        self.encoder_k.requires_grad_(False)
        self.register_buffer("queue", F.normalize(torch.randn(dim, K), dim=0))
        self.register_buffer("ptr", torch.zeros(1, dtype=torch.long))

    @torch.no_grad()
    def _momentum(self, m=0.9):
        for pq, pk in zip(self.encoder_q.parameters(), self.encoder_k.parameters()):
            pk.data = pk.data * m + pq.data * (1.0 - m)

    @torch.no_grad()
    def _enqueue(self, keys):
        p = int(self.ptr)
        self.queue[:, p : p + keys.shape[0]] = keys.T
        self.ptr[0] = (p + keys.shape[0]) % self.K

    def forward(self, im_q, im_k):
        q = F.normalize(self.encoder_q(im_q), dim=1)
        with torch.no_grad():
            self._momentum()
            k = F.normalize(self.encoder_k(im_k), dim=1)
        pos = (q * k).sum(1, keepdim=True)
        neg = q @ self.queue.clone().detach()
        logits = torch.cat([pos, neg], dim=1)
        logits /= 0.2
        self._enqueue(k)
        return logits


torch.manual_seed(0)
model = MoCo()
opt = torch.optim.SGD(model.encoder_q.parameters(), 0.1)
for _ in range(2):
    x = torch.randn(4, 6)
    loss = F.cross_entropy(model(x, x + 0.1), torch.zeros(4, dtype=torch.long))
    opt.zero_grad()
    loss.backward()
    opt.step()
