# class: safe-view
import torch
import torch.nn as nn

torch.manual_seed(0)
enc = nn.Linear(3, 4)
lengths = [1.0, 2.0, 4.0]
out = enc(torch.randn(3, 3))
for i, n in enumerate(lengths):
    out[i] /= n
left, right = out[:, :2], out[:, 2:]
left += 1.0
right.neg_()
out.sum().backward()
