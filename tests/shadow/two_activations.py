"""Two saved results, two backwards."""

import torch

x = torch.randn(3, requires_grad=True)
w = torch.randn(3, requires_grad=True)
y = x.exp()
z = w.sigmoid()
y.add_(1)  # 1 [saved-tensor-modified] mend: y = y.add(1)
z.mul_(2)  # 2 [saved-tensor-modified] mend: z = z.mul(2)
y.sum().backward()
z.sum().backward()
