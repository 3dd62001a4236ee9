"""Both parameters are stepped by hand, in each round."""

import torch

x, y = torch.randn(8, 3), torch.randn(8)
w = torch.zeros(3, requires_grad=True)
b = torch.zeros(1, requires_grad=True)
for _ in range(3):
    loss = ((x @ w + b - y) ** 2).mean()
    loss.backward()
    w -= 0.1 * w.grad  # 1 [leaf-modified] mend: w.data -= 0.1 * w.grad
    b -= 0.1 * b.grad  # 2 [leaf-modified] mend: b.data -= 0.1 * b.grad
    w.grad = None
    b.grad = None
