"""One write breaks two things: it is told once."""

import torch

x = torch.rand(3, requires_grad=True)
val = x.clone()
out = val.expand(2, 3)
z = torch.maximum(x, val)
out.zero_()  # 1 [expanded-tensor-modified] mend: out = torch.zeros_like(out)
(val.abs().sum() + z.sum()).backward()
