"""What a function of torch may do beyond computing a new tensor; decided once for each function."""

from __future__ import annotations

from enum import Enum
from typing import Any, Dict, List, Optional, Tuple

import torch


class Plan(Enum):
    """How the function mode treats a call."""

    PLAIN = 0
    GETTER = 1
    WRITER = 2
    SILENT_WRITER = 3
    NORM = 4
    SCALAR = 5
    DATA_GET = 6
    DATA_SET = 7
    DETACH = 8
    ESCAPE = 9
    MEMORY = 10
    MAYBE = 11
    HOOK = 12
    NODE = 13


SILENT = (
    Plan.SILENT_WRITER, Plan.NORM, Plan.DATA_GET, Plan.DATA_SET, Plan.DETACH, Plan.ESCAPE, Plan.MEMORY,
)  # fmt: skip
"""Calls that can make a gradient wrong, and no backward raise."""

_DATA = torch.Tensor.data
_EXACT = [
    (_DATA.__get__, Plan.DATA_GET),
    (_DATA.__set__, Plan.DATA_SET),
    (torch.Tensor.grad_fn.__get__, Plan.NODE),
    (torch.Tensor.__cuda_array_interface__.__get__, Plan.ESCAPE),
]
_NAMES = {
    "detach": Plan.DETACH,
    "detach_": Plan.PLAIN,
    "numpy": Plan.ESCAPE,
    "__array__": Plan.ESCAPE,
    "__dlpack__": Plan.ESCAPE,
    "untyped_storage": Plan.MEMORY,
    "storage": Plan.MEMORY,
    "data_ptr": Plan.MEMORY,
    "apply_": Plan.SILENT_WRITER,
    "map_": Plan.SILENT_WRITER,
    "register_hook": Plan.HOOK,
    "register_post_accumulate_grad_hook": Plan.HOOK,
    "retain_grad": Plan.HOOK,
    "batch_norm": Plan.NORM,
    "instance_norm": Plan.NORM,
    "__setitem__": Plan.WRITER,
    "requires_grad_": Plan.PLAIN,
    "share_memory_": Plan.PLAIN,
}
_SCALARS = {"mul", "div", "true_divide", "multiply", "divide", "rdiv", "__rmul__", "__rtruediv__", "__rdiv__"}
_WRITING_PARAMETERS = {"inplace", "out", "max_norm"}


def plan_of(func: Any) -> Plan:
    """The plan for ``func``."""
    for known, plan in _EXACT:
        if func == known:
            return plan
    name = getattr(func, "__name__", "")
    if name in ("__get__", "__set__", "__delete__", "size", "dim", "stride", "is_floating_point"):
        return Plan.GETTER
    if name in _NAMES:
        return _NAMES[name]
    if name.startswith("_fused_"):
        return Plan.SILENT_WRITER
    if _may_write(func, name):
        return Plan.WRITER
    if _options(func):
        return Plan.MAYBE
    return Plan.SCALAR if name in _SCALARS else Plan.PLAIN


_known_options: Dict[Any, List[Tuple[str, int]]] = {}


def _options(func: Any) -> List[Tuple[str, int]]:
    """The parameters of a Python function that make it write in place, each with its position."""
    code = getattr(func, "__code__", None)
    if code is None:
        return []
    names = code.co_varnames[: code.co_argcount + code.co_kwonlyargcount]
    return [(name, position) for position, name in enumerate(names) if name in _WRITING_PARAMETERS]


def writes(func: Any, args: Tuple[Any, ...], kwargs: Optional[Dict[str, Any]]) -> bool:
    """Whether this call of such a function is told to write."""
    options = _known_options.get(func)
    if options is None:
        options = _known_options[func] = _options(func)
    for name, position in options:
        value = args[position] if len(args) > position else kwargs.get(name) if kwargs else None
        if value is not None and value is not False:
            return True
    return False


def _may_write(func: Any, name: str) -> bool:
    if name.endswith("_") and not name.endswith("__"):
        return True
    if name.startswith("__i") and name not in ("__index__", "__int__", "__invert__"):
        return True
    schema = getattr(func, "_schema", None)
    if schema is not None:
        return bool(schema.is_mutable)
    if type(func).__name__ == "OpOverloadPacket":
        return any(getattr(func, overload)._schema.is_mutable for overload in func.overloads())
    return False
