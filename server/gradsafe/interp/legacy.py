"""What torch keeps from before 0.4: ``Variable(x)``, ``torch.FloatTensor(2, 3)``, ``x.new(2, 3)``, ``x.type(other.type())``."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from gradsafe.domain.layout import layout_of
from gradsafe.domain.state import Path
from gradsafe.domain.tensors import Tensor, Tri
from gradsafe.domain.values import (
    ClassValue,
    External,
    ListRef,
    TensorRef,
    TupleValue,
    Unknown,
    Value,
)
from gradsafe.interp import autograd, calls, classes, shapes, torch_ops
from gradsafe.interp.bases import mro
from gradsafe.interp.tensor_api import flag, method
from gradsafe.interp.torch_api import torch_function

if TYPE_CHECKING:
    from gradsafe.interp.calls import Call
    from gradsafe.interp.machine import Machine, Outcomes

_DTYPES = {
    "Tensor": "float32", "FloatTensor": "float32", "DoubleTensor": "float64", "HalfTensor": "float16",
    "BFloat16Tensor": "bfloat16", "LongTensor": "int64", "IntTensor": "int32", "ShortTensor": "int16",
    "CharTensor": "int8", "ByteTensor": "uint8", "BoolTensor": "bool",
}  # fmt: skip


@torch_function("torch.autograd.Variable", "torch.autograd.variable.Variable")
def _variable(machine: Machine, path: Path, call: Call) -> Outcomes | None:
    """``Variable(x)``: a leaf on x's memory and counter, without x's graph (measured on 2.13)."""
    data = call.argument(0, "data")
    value = torch_ops.materialise(path, data, call.source) if data is not None else None
    if not isinstance(value, TensorRef):
        return None
    asked = call.argument(1, "requires_grad")
    wanted = flag(asked)
    oid = autograd.detach(path, call.source, value.oid, "Variable")
    made = replace(path.tensor(oid), requires_grad=wanted, leaf=Tri.YES, name=None)
    path.heap[oid] = made if wanted is Tri.NO else replace(made, origin="made", known=True)
    return [(path, TensorRef(oid))]


@torch_function(*(f"torch.{device}{name}" for name in _DTYPES for device in ("", "cuda.")))
def _typed(machine: Machine, path: Path, call: Call) -> Outcomes | None:
    """``torch.FloatTensor(2, 3)`` is memory of that size, ``torch.FloatTensor([1, 2])`` these numbers."""
    name = call.function.name.rpartition(".")[2] if isinstance(call.function, External) else "Tensor"
    return _made(path, call, _DTYPES[name])


@method("new")
def _new(machine: Machine, path: Path, ref: TensorRef, call: Call) -> Outcomes | None:
    return _made(path, call, path.tensor(ref.oid).dtype)


def _made(path: Path, call: Call, dtype: str | None) -> Outcomes:
    first = torch_ops.resolve(path, call.args[0]) if call.args else None
    if isinstance(first, TensorRef) and len(call.args) == 1 and path.tensor(first.oid).origin != "numpy":
        # Of a tensor it is another one on the same memory, that sends its gradient on (measured on 2.13).
        layout = layout_of(path.tensor(first.oid))
        return [(path, TensorRef(autograd.make_view(path, call.source, first.oid, "alias", layout)))]
    tensor = Tensor(0, 0, Tri.NO, shape=_shape(path, first, call.args), dtype=dtype)
    return [(path, TensorRef(autograd.new_tensor(path, call.source, "new", tensor)))]


def _shape(path: Path, first: Value | None, given: tuple[Value, ...]) -> tuple[int | None, ...] | None:
    if first is None:
        return (0,)
    if len(given) == 1 and isinstance(first, (ListRef, TupleValue)):
        return shapes.literal_shape(path, first)
    return None if len(given) == 1 and isinstance(first, Unknown) else shapes.sizes(path, given)


@method("as_subclass")
def _as_subclass(machine: Machine, path: Path, ref: TensorRef, call: Call) -> Outcomes:
    """A view of another class, whose gradient goes on (``AliasBackward``, measured on 2.13); what a class of the program's own makes
    of torch's methods is not known.
    """
    cls = call.args[0] if call.args else None
    if isinstance(cls, ClassValue) and _is_told_anew(machine, path, mro(cls)):
        return calls.unknown_result(path, call)
    layout = layout_of(path.tensor(ref.oid))
    return [(path, TensorRef(autograd.make_view(path, call.source, ref.oid, "alias", layout)))]


def _is_told_anew(machine: Machine, path: Path, order: list[Value]) -> bool:
    """Whether classes of the program say what some method of a tensor does."""
    methods = {name.rpartition(".")[2] for name in machine.table.names() if name.startswith("Tensor.")}
    return any(
        classes.find_member(path, order, name) is not None for name in (*methods, "__torch_function__")
    )


@method("type")
def _type(machine: Machine, path: Path, ref: TensorRef, call: Call) -> Outcomes | None:
    """``x.type(y.type())``: a cast to what is not known here."""
    if len(call.args) != 1 or not isinstance(call.args[0], Unknown):
        return None
    return torch_ops.apply(
        machine, path, "Tensor.to", [ref, *call.args], {}, call.source, "method", call.subject
    )
