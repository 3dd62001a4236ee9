# class: safe-mask
import torch
import torch.nn as nn

torch.manual_seed(0)
lin = nn.Linear(5, 5)
x = torch.randn(4, 5)
h = lin(x)
keep = torch.rand(4, 5) > 0.2
masked = torch.where(keep, h, torch.zeros_like(h))
other = keep.clone()
other[:, 0] = True
other &= x > 0
second = h.masked_fill(~other, -1.0)
scores = torch.softmax(second, dim=-1)
dropped = scores.masked_fill(other.logical_not(), 0)
(masked.sum() + dropped.sum()).backward()
