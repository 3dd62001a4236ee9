"""NumPy's side of memory that it shares with torch: which of its methods and functions write it, and which copy.

An array is a tensor of the heap whose origin is ``numpy``: its writes move no version counter.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from gradsafe.domain.state import Path
from gradsafe.domain.tensors import Tensor, Tri
from gradsafe.domain.values import NONE, TensorRef, Value
from gradsafe.interp import autograd, torch_ops, unseen

if TYPE_CHECKING:
    from gradsafe.interp.calls import Call
    from gradsafe.interp.machine import Machine, Outcomes

_WRITING_METHODS = frozenset({"fill", "sort", "put", "itemset", "partition", "setfield", "byteswap"})
_COPYING_METHODS = frozenset({"copy", "astype", "flatten", "__copy__", "__deepcopy__", "repeat", "take"})
_WRITING_FUNCTIONS = frozenset(
    {
        "copyto",
        "put",
        "place",
        "putmask",
        "fill_diagonal",
        "put_along_axis",
        "random.shuffle",
        "add.at",
        "subtract.at",
        "multiply.at",
    }
)
"""Functions of NumPy that write their first argument."""


def is_array(path: Path, value: Value) -> bool:
    """Is this memory as NumPy sees it?"""
    return isinstance(value, TensorRef) and path.tensor(value.oid).origin == "numpy"


def call_method(machine: Machine, path: Path, ref: TensorRef, name: str, call: Call) -> Outcomes | None:
    """A method of an array; None where it is the same as the tensor's."""
    if name in _WRITING_METHODS:
        _write(path, ref, name, call)
        return [(path, NONE)]
    if name in _COPYING_METHODS:
        return [(path, _fresh(path, path.tensor(ref.oid), call, keeps_shape=name in ("copy", "astype")))]
    return None


def call_function(machine: Machine, path: Path, name: str, call: Call) -> Outcomes | None:
    """``numpy.copyto(a, b)``, ``numpy.add(a, b, out=a)``; None for what writes no shared memory."""
    if not name.startswith("numpy."):
        return None
    function = name.removeprefix("numpy.")
    target = call.kwargs.get("out")
    if target is None and function in _WRITING_FUNCTIONS and call.args:
        target = call.args[0]
    target = torch_ops.resolve(path, target) if target is not None else None
    if isinstance(target, TensorRef) and is_array(path, target):
        _write(path, target, function, call)
        return [(path, target)]
    if function in ("asarray", "ascontiguousarray", "asanyarray") and call.args:
        return _as_array(path, call)
    return None


def _as_array(path: Path, call: Call) -> Outcomes | None:
    """``numpy.asarray(t)`` shares the tensor's memory; with another dtype it may copy."""
    value = torch_ops.resolve(path, call.args[0])
    if not isinstance(value, TensorRef) or len(call.args) > 1 or call.kwargs:
        return None
    if is_array(path, value):
        return [(path, value)]
    if autograd.requires_grad(path, value.oid) is not Tri.NO:
        return None
    shared = autograd.data_of(path, call.source, value.oid, "numpy")
    path.heap[shared] = replace(path.tensor(shared), origin="numpy")
    return [(path, TensorRef(shared))]


def _write(path: Path, ref: TensorRef, name: str, call: Call) -> None:
    autograd.bump(path, call.source, ref.oid, 0, name, "method", name=call.subject or None)
    unseen.note_bypass(path, call.source, ref.oid, "numpy-write", name, True, call.subject or None)


def _fresh(path: Path, tensor: Tensor, call: Call, keeps_shape: bool) -> TensorRef:
    made = Tensor(0, 0, Tri.NO, shape=tensor.shape if keeps_shape else None, origin="numpy")
    return TensorRef(autograd.new_tensor(path, call.source, "numpy", made))
