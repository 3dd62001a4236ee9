import torch
from torch import nn

import math
class PE(nn.Module):
    def __init__(self, d, n=10):
        super().__init__()
        pe = torch.zeros(n, d)
        pos = torch.arange(n).unsqueeze(1).float()
        div = torch.exp(torch.arange(0, d, 2).float() * -(math.log(10000.0) / d))
        pe[:, 0::2] = torch.sin(pos * div)
        pe[:, 1::2] = torch.cos(pos * div)
        self.register_buffer("pe", pe.unsqueeze(0))
    def forward(self, x):
        x = x + self.pe[:, : x.size(1)]
        return x
def run(n):
    PE(4)(torch.rand(2, 3, 4, requires_grad=True)).sum().backward()
run(3)
