# class: safe-buffer
import torch
import torch.nn as nn


class Reservoir(nn.Module):
    def __init__(self, n_in=2, n=4):
        super().__init__()
        self.cell = nn.RNNCell(n_in, n)
        self.n = n

    def forward(self, u, mask=None):
        T, B, _ = u.shape
        out = u.new_zeros(T, B, self.n)
        h = u.new_zeros(B, self.n)
        for t in range(T):
            new = self.cell(u[t], h)
            if mask is not None:
                keep = mask[t].unsqueeze(-1)
                new = torch.where(keep, new, h)
            h = new
            out[t] = h
        return out, h


torch.manual_seed(0)
m = Reservoir()
out, h = m(torch.randn(4, 2, 2), torch.ones(4, 2, dtype=torch.bool))
(out.pow(2).mean() + h.sum()).backward()
