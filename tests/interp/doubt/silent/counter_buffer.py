import torch
from torch import nn

class N(nn.Module):
    def __init__(self):
        super().__init__()
        self.register_buffer("n", torch.zeros((), dtype=torch.long))
        self.l = nn.Linear(4, 4)
    def forward(self, x):
        self.n += 1
        return self.l(x)
def run(n):
    m = N()
    (m(torch.rand(2, 4)) + m(torch.rand(2, 4))).sum().backward()
run(1)
