"""Small programs for the command line's tests."""

BROKEN = """\
import torch

x = torch.randn(3, requires_grad=True)
y = x.exp()
y.add_(1)
y.sum().backward()
"""
FIXED = BROKEN.replace("y.add_(1)", "y = y.add(1)")
CLEAN = BROKEN.replace("x.exp()", "x + 2")
SILENT = """\
import torch

x = torch.randn(3, requires_grad=True)
y = x.clone()
y.data.mul_(2)
y.sum().backward()
"""
