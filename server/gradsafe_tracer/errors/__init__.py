"""Autograd's errors: which tensor, which write, which node, in torch's words."""

from __future__ import annotations
