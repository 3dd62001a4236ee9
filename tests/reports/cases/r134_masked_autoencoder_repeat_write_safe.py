# class: safe-preallocated-output
import torch
import torch.nn as nn


class MAE(nn.Module):
    def __init__(self, dim=6, ratio=0.6):
        super().__init__()
        self.ratio = ratio
        self.enc, self.dec = nn.Linear(4, dim), nn.Linear(dim, 4)
        self.mask_token = nn.Parameter(torch.zeros(1, 1, dim))
        nn.init.normal_(self.mask_token, std=0.02)

    def random_masking(self, n, length):
        keep = int(length * (1 - self.ratio))
        noise = torch.rand(n, length)
        ids = torch.argsort(noise, dim=1)
        mask = torch.ones(n, length)
        mask[:, :keep] = 0
        restore = torch.argsort(ids, dim=1)
        return ids[:, :keep], torch.gather(mask, 1, restore)

    def forward(self, x):
        n, length, _ = x.shape
        ids_keep, mask = self.random_masking(n, length)
        z = self.enc(torch.gather(x, 1, ids_keep.unsqueeze(-1).repeat(1, 1, x.size(2))))
        full = self.mask_token.repeat(n, length, 1)
        full.scatter_(1, ids_keep.unsqueeze(-1).expand(-1, -1, z.size(2)), z)
        loss = (self.dec(full) - x).pow(2).mean(-1)
        return (loss * mask).sum() / mask.sum()


torch.manual_seed(0)
mae = MAE()
opt = torch.optim.AdamW(mae.parameters(), betas=(0.9, 0.95))
for _ in range(2):
    loss = mae(torch.randn(2, 5, 4))
    opt.zero_grad()
    loss.backward()
    opt.step()
