import torch
from torch import nn

class N(nn.Module):
    def __init__(self):
        super().__init__()
        self.register_buffer("m", torch.zeros(4))
    def forward(self, x):
        mean = x.mean(0)
        self.m.mul_(0.9).add_(mean.detach() * 0.1)
        return x - self.m.clone()
def run(n):
    m = N(); w = torch.rand(2, 4, requires_grad=True)
    (m(w) + m(w * 2)).sum().backward()
run(1)
