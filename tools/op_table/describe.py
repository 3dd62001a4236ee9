"""Real arguments as the table's lookup sees them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch

from gradsafe.ops.entry import UNKNOWN, Arg
from tools.op_table.probe import Call, label_of_state


def describe(value: Any) -> Arg:
    """What a perfect reader of the source would know of ``value``."""
    if isinstance(value, torch.Tensor):
        return Arg("tensor", UNKNOWN, value.ndim, str(value.dtype).removeprefix("torch."))
    if value is None:
        return Arg("none", None)
    for kind, types in (("bool", bool), ("number", (int, float, complex)), ("str", str)):
        if isinstance(value, types):
            return Arg(kind, value)
    for kind, single in (("slice", slice), ("dtype", torch.dtype), ("device", torch.device)):
        if isinstance(value, single):
            return Arg(kind)
    if value is Ellipsis:
        return Arg("ellipsis")
    if isinstance(value, (tuple, list)):
        return _sequence(value)
    return Arg("callable" if callable(value) else "other")


def describe_call(call: Call) -> tuple[list[Arg], Mapping[str, Arg]]:
    """The arguments of a call."""
    kwargs = {key: describe(value) for key, value in call.kwargs.items()}
    args = list(map(describe, call.args))
    if call.name in ("Tensor.__getitem__", "Tensor.__setitem__"):
        args[1] = _subscript(call.args[1])
    return args, kwargs


def _subscript(index: Any) -> Arg:
    """A tuple of ints, slices, None and ``...`` is a slice; one with a tensor or list in it is ``tensors``."""
    if not isinstance(index, tuple):
        return describe(index)
    if any(isinstance(part, bool) for part in index):
        return Arg("bool")
    return Arg("tensors" if any(isinstance(part, (torch.Tensor, list, range)) for part in index) else "slice")


def describe_module(module: torch.nn.Module) -> Mapping[str, Arg]:
    """The state of a module, as a reader of its constructor would know it."""
    found: dict[str, Arg] = {}
    for name, parameter in (*module.named_parameters(), *module.named_buffers()):
        label = label_of_state(module, name)
        found[label] = Arg("tensors") if label != name else describe(parameter)
    for group in (module._parameters, module._buffers):
        found |= {name: Arg("none", None) for name, value in group.items() if value is None}
    for name, value in vars(module).items():
        if not name.startswith("_"):
            found.setdefault(name, describe(value))
    return found


def _sequence(value: tuple[Any, ...] | list[Any]) -> Arg:
    if value and all(isinstance(item, torch.Tensor) for item in value):
        return Arg("tensors")
    if all(isinstance(item, int) and not isinstance(item, bool) for item in value):
        return Arg("ints", tuple(value))
    return Arg("tuple" if isinstance(value, tuple) else "list")
