import torch
from torch import nn

class Mix:
    def norm(self, x): return x / x.norm()
class M(Mix, nn.Module):
    def __init__(self):
        super().__init__()
        self.w = nn.Parameter(torch.rand(4))
    def forward(self, x):
        y = self.norm(x * self.w)
        y += 1
        return y
def run(n):
    M()(torch.rand(4)).sum().backward()
run(1)
