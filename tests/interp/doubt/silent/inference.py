import torch
from torch import nn

def run(n):
    l = nn.Linear(4, 4)
    with torch.inference_mode():
        y = l(torch.rand(2, 4))
        y.mul_(2)
        y += 1
    z = y.clone()
    (z * torch.rand(4, requires_grad=True)).sum().backward()
run(1)
