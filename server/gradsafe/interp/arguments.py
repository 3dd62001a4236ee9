"""What the op table may know of an argument: its kind, its literal value, a tensor's rank and dtype."""

from __future__ import annotations

from gradsafe.domain.state import Path
from gradsafe.domain.values import Const, External, ListRef, SliceValue, TensorRef, TupleValue, Unknown, Value
from gradsafe.interp import shapes
from gradsafe.ops.entry import Arg


def argument(path: Path, value: Value) -> Arg:
    """What the op table may know of an argument."""
    if isinstance(value, Unknown):
        value = path.vars.get((("tensor", value.token), "#ref")) or value
    if isinstance(value, TensorRef):
        tensor = path.tensor(value.oid)
        ndim = len(tensor.shape) if tensor.shape is not None else None
        return Arg("tensor", ndim=ndim, dtype=tensor.dtype)
    if isinstance(value, Const):
        return _constant(value)
    if isinstance(value, (TupleValue, ListRef)):
        items = value.items if isinstance(value, TupleValue) else path.items(value.oid).known
        rest = None if isinstance(value, TupleValue) else path.items(value.oid).rest
        kinds = {argument(path, item).kind for item in (*items, *((rest,) if rest else ()))}
        if kinds == {"tensor"}:
            return Arg("tensors")
        if kinds <= {"number", "unknown"} and kinds != {"unknown"}:
            known = tuple(item.value if isinstance(item, Const) else None for item in items)
            return Arg("ints", known) if rest is None and None not in known else Arg("ints")
        if kinds <= {"number", "none"} and rest is None and all(isinstance(item, Const) for item in items):
            return Arg("tuple", tuple(item.value for item in items if isinstance(item, Const)))
        return Arg("tuple")
    if isinstance(value, External):
        if value.name.startswith("torch.") and value.name.rpartition(".")[2] in shapes.DTYPES:
            return Arg("dtype", value.name.rpartition(".")[2])
        return Arg("unknown" if value.is_opaque else "other")
    if isinstance(value, SliceValue):
        return Arg("slice")
    return Arg("unknown")


def _constant(value: Const) -> Arg:
    if value.value is None:
        return Arg("none", None)
    if isinstance(value.value, bool):
        return Arg("bool", value.value)
    if isinstance(value.value, (int, float, complex)):
        return Arg("number", value.value)
    return Arg("str", value.value) if isinstance(value.value, str) else Arg("other")
