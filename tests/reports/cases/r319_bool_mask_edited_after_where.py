# class: mask-modified
import torch
import torch.nn as nn

torch.manual_seed(0)
lin = nn.Linear(5, 5)
x = torch.randn(4, 5)
h = lin(x)
keep = torch.rand(4, 5) > 0.2
masked = torch.where(keep, h, torch.zeros_like(h))
keep[:, 0] = True
keep &= x > 0
second = h.masked_fill(~keep, -1.0)
(masked.sum() + second.sum()).backward()
