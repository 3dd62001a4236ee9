"""One value that stands for several: elements of a list whose length is not known, one of several at an index that is not known.

What happens to it may have happened to another one. So a loop goes over others of its kind (the same tensor twice would be
written after it was made a leaf, say, which no run does), and where it is picked nothing that follows is certain.
"""

from __future__ import annotations

from collections.abc import Iterable

from gradsafe.domain.state import Path
from gradsafe.domain.tensors import Storage
from gradsafe.domain.values import (
    Bound,
    Const,
    DictRef,
    Instance,
    Lazy,
    ListRef,
    TensorRef,
    TupleValue,
    Unknown,
    Value,
)
from gradsafe.interp import torch_ops


def one_of(path: Path, values: tuple[Value, ...], otherwise: Value, further: bool = False) -> Value:
    """One of ``values``, and it is not known which: the first stands for all, and nothing is certain from here on.

    ``further``: there may be others like the first. ``otherwise`` is what it is where none of them holds anything of which
    something is known.
    """
    if not further and all(value == values[0] for value in values):
        return values[0]
    if all(_is_plain(path, value) for value in values):
        return otherwise
    path.blurred = True
    return values[0]


def in_doubt(path: Path, values: tuple[Value, ...]) -> None:
    """Which of several tensors stands where depends on what is not known: nothing that follows from it is certain."""
    if sum(bool(torch_ops.tensors_in(path, value)) for value in values) > 1:
        path.blurred = True


def perhaps_replaced(path: Path, values: Iterable[Value]) -> None:
    """Something of which nothing is known may have taken the place of one of these: nothing that follows is certain if one is a tensor."""
    if any(isinstance(torch_ops.resolve(path, value), TensorRef) for value in values):
        path.blurred = True


def rounds(path: Path, known: tuple[Value, ...], rest: Value, most: int) -> tuple[Value, ...]:
    """What a loop goes over: ``known``, and for elements that are like ``rest`` others of its kind, up to ``most`` rounds."""
    held = {oid for value in known for oid in torch_ops.tensors_in(path, value)}
    is_known = rest in known or not held.isdisjoint(torch_ops.tensors_in(path, rest))
    first = () if is_known else (rest,)
    more = [like(path, rest) for _ in range(most - len(known) - len(first))]
    return (*known, *first, *(value for value in more if value is not None))


def like(path: Path, value: Value) -> Value | None:
    """Another value of the same kind, in the state in which that one is now; None of objects, whose parts would have to be others, too."""
    value = torch_ops.resolve(path, value)
    if isinstance(value, TensorRef):
        return TensorRef(_twin(path, value.oid))
    if isinstance(value, Unknown):
        return Unknown(("item", value.token, path.new_id()))
    if isinstance(value, TupleValue):
        items = [like(path, item) for item in value.items]
        return TupleValue(tuple(item for item in items if item is not None)) if None not in items else None
    return None if isinstance(value, (Instance, ListRef, DictRef, Lazy, Bound)) else value


def _twin(path: Path, oid: int) -> int:
    """A tensor with a storage and a counter of its own; of a view another view of the same base."""
    tensor, twin = path.tensor(oid), path.new_id()
    if tensor.base is not None:
        path.heap[twin] = tensor.but({"offset": None})
        return twin
    storage, counter = path.new_id(), path.new_id()
    path.heap[twin] = tensor.but({"storage": storage, "counter": counter})
    path.heap[storage] = path.heap.get(tensor.storage) or Storage()
    path.heap[counter] = path.version(tensor.counter)
    return twin


def _is_plain(path: Path, value: Value) -> bool:
    return isinstance(value, (Const, Unknown)) and not torch_ops.graph_inputs(path, value)
