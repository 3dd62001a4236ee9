"""Values as the source text that a person would write for them."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any

import torch

MOST_LITERALS = 80
"""Elements of a tensor that is spelled out."""


class Unwritable(Exception):
    """A value that has no plain source text: a callable, a generator, a sparse tensor."""


@dataclass
class Variable:
    """A tensor argument: its name, the expression that makes its values, and whether it can require grad."""

    name: str
    value: torch.Tensor
    literal: bool = False

    @property
    def differentiable(self) -> bool:
        return self.value.is_floating_point() or self.value.is_complex()

    def made(self, requires_grad: bool) -> str:
        """The expression that makes the tensor."""
        shape = ", ".join(map(str, self.value.shape))
        options = "" if self.value.dtype is torch.float32 else f"dtype={self.value.dtype}"
        grad = "requires_grad=True" if requires_grad else ""
        if self.literal or not (self.value.is_floating_point() or self.value.is_complex()):
            return _call("torch.tensor", _nested(self.value), _dtype(self.value), grad)
        return _call("torch.rand", shape or "()", options, grad)


@dataclass
class Namer:
    """Gives each tensor object a name; the same object keeps its own."""

    variables: dict[int, Variable] = field(default_factory=dict)
    literal: bool = False

    def text(self, value: Any) -> str:
        """The expression for an argument."""
        if isinstance(value, torch.Tensor):
            return self._tensor(value)
        if isinstance(value, (tuple, list)) and type(value) in (tuple, list):
            items = ", ".join(map(self.text, value))
            if isinstance(value, list):
                return f"[{items}]"
            return f"({items},)" if len(value) == 1 else f"({items})"
        return literal_text(value)

    def _tensor(self, value: torch.Tensor) -> str:
        if value.layout is not torch.strided or type(value) is not torch.Tensor or value.is_quantized:
            raise Unwritable(str(type(value)))
        if value.numel() == 0:
            raise Unwritable("empty")
        whole = not (value.is_floating_point() or value.is_complex())
        if (self.literal or whole) and value.numel() > MOST_LITERALS:
            raise Unwritable("large")
        names = "abcdefgjklmnopqrstuvw"
        found = self.variables.get(id(value))
        if found is None:
            number = len(self.variables)
            name = names[number] if number < len(names) else f"a{number}"
            found = self.variables[id(value)] = Variable(name, value, self.literal)
        return found.name


def literal_text(value: Any) -> str:
    """A plain Python value."""
    if value is None or value is Ellipsis or isinstance(value, (bool, int, str)):
        return repr(value) if type(value) in (bool, int, str, type(None), type(...)) else repr(_plain(value))
    if isinstance(value, float):
        return repr(value) if math.isfinite(value) else f"float('{value}')"
    if isinstance(value, complex):
        return repr(value)
    if isinstance(value, (torch.dtype, torch.layout, torch.memory_format)):
        return str(value)
    if isinstance(value, torch.device):
        return repr(str(value))
    if isinstance(value, torch.Size):
        return repr(tuple(value))
    if isinstance(value, slice):
        parts = (value.start, value.stop, value.step)
        return f"slice({', '.join(map(literal_text, parts))})"
    if isinstance(value, (list, tuple)):
        items = ", ".join(map(literal_text, value))
        return f"[{items}]" if isinstance(value, list) else f"({items}{',' if len(value) == 1 else ''})"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{k!r}: {literal_text(v)}" for k, v in value.items()) + "}"
    raise Unwritable(str(type(value)))


def _plain(value: Any) -> Any:
    return int(value) if isinstance(value, int) else str(value)


def _call(function: str, *parts: str) -> str:
    return f"{function}({', '.join(part for part in parts if part)})"


def _dtype(value: torch.Tensor) -> str:
    usual = {torch.float32, torch.int64, torch.bool}
    return "" if value.dtype in usual else f"dtype={value.dtype}"


def _nested(value: torch.Tensor) -> str:
    return _list(value.tolist())


def _list(value: Any) -> str:
    if isinstance(value, list):
        return f"[{', '.join(map(_list, value))}]"
    return literal_text(round(value, 6) if isinstance(value, float) and math.isfinite(value) else value)
