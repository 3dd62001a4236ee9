import torch
from torch import nn

class Attn(nn.Module):
    def __init__(self):
        super().__init__()
        self.k = nn.Linear(4, 4); self.q = nn.Linear(4, 4)
    def forward(self, xs):
        cache = torch.zeros(len(xs), 4)
        out = 0
        for t in range(len(xs)):
            cache[t] = self.k(xs[t])
            out = out + (self.q(xs[t]) @ cache.t()).sum()
        return out
def run(n):
    Attn()(torch.rand(n, 4)).backward()
run(3)
