# %%
import torch
from torch import nn

net = nn.Linear(4, 4)
x = torch.randn(8, 4)

# %%
# Raises: sigmoid saved its result, and add_ changes it.
h = torch.sigmoid(net(x))
h.add_(1)
h.sum().backward()

# %%
# Harmless: `+ 2` saves nothing that is written here.
y = net(x) + 2
y.add_(1)
y.sum().backward()
