"""Watches a real run of PyTorch code: who saved a tensor for backward, who modified it, who failed.

Runs in the user's interpreter; needs the standard library and torch only, imports nothing of gradsafe,
and must never change the program that it watches. ``gradsafe_tracer.events`` does not import torch.
"""

from __future__ import annotations

__all__ = ["install", "trace"]


def __getattr__(name: str) -> object:
    # Lazily: gradsafe imports ``gradsafe_tracer.events`` where there is no torch.
    if name == "trace":
        from .context import trace

        return trace
    if name == "install":
        from .postmortem import install

        return install
    raise AttributeError(name)
