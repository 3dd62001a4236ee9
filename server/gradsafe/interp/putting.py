"""``index_put`` by name: what torch refuses of it that ``tensor[index] = value`` takes (measured on 2.13).

A fix may write one for the other, so a program that torch would refuse must not look mended.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gradsafe.domain.state import Path
from gradsafe.domain.tensors import Shape
from gradsafe.domain.values import Const, ListRef, TensorRef, TupleValue, Unknown, Value
from gradsafe.interp import autograd, shapes, torch_ops
from gradsafe.interp.calls import Call
from gradsafe.interp.indexing import gathered_shape
from gradsafe.interp.tensor_api import method

if TYPE_CHECKING:
    from gradsafe.interp.machine import Machine, Outcomes


@method("index_put", "index_put_")
def _index_put(machine: Machine, path: Path, ref: TensorRef, call: Call) -> Outcomes | None:
    indices, values = call.argument(0, "indices"), call.argument(1, "values")
    if (
        indices is None
        or values is None
        or not _is_refused(path, ref, indices, torch_ops.resolve(path, values))
    ):
        return None
    autograd.refuse(path)
    return [(path, Unknown(("raised", call.source.place)))]


def _is_refused(path: Path, ref: TensorRef, indices: Value, values: Value) -> bool:
    """Whether torch takes an index or the value for none, or their shapes and dtypes do not fit."""
    indices = torch_ops.resolve(path, indices)
    parts = tuple(torch_ops.resolve(path, each) for each in torch_ops.items_of(path, indices))
    if any(isinstance(each, (Const, ListRef, TupleValue)) for each in (*parts, values)):
        return True
    if not isinstance(values, TensorRef):
        return False
    written, put = path.tensor(ref.oid), path.tensor(values.oid)
    if written.dtype is not None and put.dtype is not None and written.dtype != put.dtype:
        return True
    return bool(parts) and not _fits(put.shape, gathered_shape(path, written.shape, parts))


def _fits(shape: Shape, wanted: Shape) -> bool:
    """Whether a value of ``shape`` can be broadcast to ``wanted``; so it is taken where one of them is not known."""
    if shape is None or wanted is None or None in shape or None in wanted:
        return True
    return shapes.broadcast([shape, wanted]) == wanted
