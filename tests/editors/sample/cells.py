# %% Data
import torch

x = torch.randn(8, 4)
w = torch.randn(4, requires_grad=True)

# %% Forward and backward
y = (x * w).exp()
y.add_(1)
y.sum().backward()
