import torch
from torch import nn

class A(nn.Module):
    def __init__(self, inplace=False):
        super().__init__()
        self.l = nn.Linear(4, 4)
        self.act = nn.ReLU(inplace=inplace)
    def forward(self, x): return self.act(self.l(x).sigmoid())
class B(A):
    def __init__(self): super().__init__(inplace=True)
def run(n):
    B()(torch.rand(2, 4)).sum().backward()
run(1)
