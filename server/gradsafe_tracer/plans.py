"""What a function of torch may do beyond computing a new tensor; decided once for each function."""

from __future__ import annotations

from enum import Enum
from typing import Any

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


_DATA = torch.Tensor.data
_EXACT = [(_DATA.__get__, Plan.DATA_GET), (_DATA.__set__, Plan.DATA_SET)]
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
    return Plan.SCALAR if name in _SCALARS else Plan.PLAIN


def _may_write(func: Any, name: str) -> bool:
    if name.endswith("_") and not name.endswith("__"):
        return True
    if name.startswith("__i") and name not in ("__index__", "__int__", "__invert__"):
        return True
    code = getattr(func, "__code__", None)
    if code is not None:
        return not _WRITING_PARAMETERS.isdisjoint(
            code.co_varnames[: code.co_argcount + code.co_kwonlyargcount]
        )
    schema = getattr(func, "_schema", None)
    if schema is not None:
        return bool(schema.is_mutable)
    if type(func).__name__ == "OpOverloadPacket":
        return any(getattr(func, overload)._schema.is_mutable for overload in func.overloads())
    return False
