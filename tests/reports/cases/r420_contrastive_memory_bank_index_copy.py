# class: saved-input-inplace
import torch
import torch.nn as nn
import torch.nn.functional as F


class MemoryBank(nn.Module):
    def __init__(self, n, d, m=0.5):
        super().__init__()
        self.register_buffer("bank", F.normalize(torch.randn(n, d), dim=1))
        self.m = m

    def forward(self, z, idx):
        sim = z @ self.bank.t() / 0.1
        with torch.no_grad():
            old = self.bank.index_select(0, idx)
            new = F.normalize(old * self.m + (1 - self.m) * z, dim=1)
            self.bank.index_copy_(0, idx, new)
        return F.cross_entropy(sim, idx)


torch.manual_seed(0)
enc, bank = nn.Linear(3, 4), MemoryBank(6, 4)
loss = bank(F.normalize(enc(torch.randn(2, 3)), dim=1), torch.tensor([0, 3]))
loss.backward()
