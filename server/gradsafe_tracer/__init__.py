"""Watches a real run of PyTorch code: who saved a tensor for backward, who modified it, who failed.

Runs in the user's interpreter; needs the standard library and torch only, imports nothing of gradsafe,
and must never change the program that it watches. ``gradsafe_tracer.events`` does not import torch.
"""

from __future__ import annotations

__all__ = ["install", "load_ipython_extension", "trace", "unload_ipython_extension"]

_HOME = {
    "install": ".postmortem",
    "load_ipython_extension": ".notebook",
    "trace": ".context",
    "unload_ipython_extension": ".notebook",
}


def __getattr__(name: str) -> object:
    # Lazily: gradsafe imports ``gradsafe_tracer.events`` where there is no torch.
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(_HOME[name], __name__), name)
