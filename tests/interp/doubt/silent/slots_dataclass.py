import torch
from torch import nn

from dataclasses import dataclass, replace
@dataclass(frozen=True)
class S:
    x: torch.Tensor
    n: int = 0
def run(n):
    w = torch.rand(4, requires_grad=True)
    s = S(w.exp())
    t = replace(s, x=s.x + 1)
    t.x.mul_(2)
    (s.x.sum() + t.x.sum()).backward()
run(3)
