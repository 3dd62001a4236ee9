"""An error that the program catches is over: what follows is told with its own certainty."""

import torch

x = torch.randn(3, requires_grad=True)
y = x.exp()
try:
    y.add_(1)  # 1 [saved-tensor-modified] mend: y = y + 1
    y.sum().backward()
except RuntimeError:
    print("told you so")
z = x.sigmoid()
z.neg_()  # 1 [saved-tensor-modified] mend: z = -z
z.sum().backward()
