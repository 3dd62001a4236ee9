"""Two saved results that one backward reads: the younger is found first."""

import torch

x = torch.randn(3, requires_grad=True)
y = x.exp()
y += 1  # 2 [saved-tensor-modified] mend: y = y + 1
z = y.sigmoid()
z[0] = 0.0  # 1 [saved-tensor-modified] mend: z = z * torch.tensor([0.0, 1.0, 1.0])
z.sum().backward()
