"""A leaf, then a graph that a second backward needs."""

import torch

w = torch.randn(3, requires_grad=True)
w *= 0.1  # 1 [leaf-modified] mend: w = (w.detach() * 0.1).requires_grad_()
h = w.tanh()
loss = h.sum()
loss.backward()
loss.backward()  # 2 [graph-freed] mend: pass
k = w.exp()
k.clamp_(max=1.0)  # 3 [saved-tensor-modified] mend: k = k.clamp(max=1.0)
k.sum().backward()
