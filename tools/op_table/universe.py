"""The names that torch documents: what the table wants to cover, and what it leaves out on purpose."""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Callable, Iterator
from typing import Any

import torch
import torch.nn.functional
import torch.nn.init

NAMESPACES: dict[str, object] = {
    "torch": torch,
    "Tensor": torch.Tensor,
    "F": torch.nn.functional,
    "torch.linalg": torch.linalg,
    "torch.fft": torch.fft,
    "torch.special": torch.special,
    "init": torch.nn.init,
}

OPERATOR_METHODS = frozenset(
    f"__{prefix}{name}__"
    for prefix in ("", "r", "i")
    for name in [
        "add",
        "sub",
        "mul",
        "truediv",
        "floordiv",
        "mod",
        "pow",
        "matmul",
        "and",
        "or",
        "xor",
        "lshift",
        "rshift",
    ]
) | frozenset(
    [
        "__neg__",
        "__pos__",
        "__abs__",
        "__invert__",
        "__eq__",
        "__ne__",
        "__lt__",
        "__le__",
        "__gt__",
        "__ge__",
    ]
)
"""Tensor's dunder methods that are operators."""


FAMILIES = (
    "torch.nn.utils",
    "torch.nn.utils.rnn",
    "torch.nn.utils.parametrize",
    "torch.nn.utils.parametrizations",
    "torch.nn.utils.prune",
    "torch.func",
    "torch.autograd",
    "torch.autograd.functional",
    "torch.autograd.graph",
    "torch.optim",
    "torch.optim.swa_utils",
    "torch.utils.checkpoint",
    "torch.amp",
    "torch.distributions",
    "torch.nested",
    "torch.sparse",
    "torch.masked",
)
"""Modules around the operations; what they hold is told by name, not by line."""


def around() -> Iterator[str]:
    """The public functions and classes of :data:`FAMILIES`, by their dotted names."""
    for name in FAMILIES:
        module = importlib.import_module(name)
        for attribute in sorted(getattr(module, "__all__", None) or dir(module)):
            found = getattr(module, attribute, None)  # torch.sparse.__all__ names some that it lacks
            own = str(getattr(found, "__module__", "")).startswith("torch")
            if callable(found) and own and not attribute.startswith("_"):
                yield f"{name}.{attribute}"


def functions() -> Iterator[tuple[str, Callable[..., Any]]]:
    """Every public function, method and operator method with a docstring, under its table name."""
    for prefix, owner in NAMESPACES.items():
        for attribute in sorted(dir(owner)):
            found = (
                inspect.getattr_static(owner, attribute) if prefix == "Tensor" else getattr(owner, attribute)
            )
            found = found.__func__ if isinstance(found, (staticmethod, classmethod)) else found
            if attribute.startswith("_") and not (prefix == "Tensor" and attribute in OPERATOR_METHODS):
                continue
            if callable(found) and not isinstance(found, type) and _belongs(found, attribute):
                yield f"{prefix}.{attribute}", found


def _belongs(found: Any, attribute: str) -> bool:
    """No helper that a module merely imported, and something that has a docstring or is an operator."""
    module = getattr(found, "__module__", None) or "torch"
    documented = bool(getattr(found, "__doc__", None)) or attribute.startswith("__")
    return documented and module.split(".")[0] == "torch" and "_jit" not in module and module not in (
        "torch.overrides",
        "torch.serialization",
        "torch.random",
        "torch.storage",
        "torch._tensor_str",
        "torch._compile",
        "torch.autograd.grad_mode",
        "torch.amp.autocast_mode",
    )  # fmt: skip
