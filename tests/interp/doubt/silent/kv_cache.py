import torch
from torch import nn

class Attn(nn.Module):
    def __init__(self):
        super().__init__()
        self.k = nn.Linear(4, 4); self.q = nn.Linear(4, 4)
        self.cache = torch.zeros(8, 4)
    @torch.no_grad()
    def step(self, x, t):
        self.cache[t] = self.k(x)
        return self.q(x) @ self.cache[: t + 1].t()
def run(n):
    a = Attn()
    for t in range(n): a.step(torch.rand(4), t)
run(3)
