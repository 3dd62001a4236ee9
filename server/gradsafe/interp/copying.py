"""``copy.copy`` and ``copy.deepcopy`` of values that hold tensors."""

from __future__ import annotations

from dataclasses import replace

from gradsafe.domain.state import Entries, Items, Path
from gradsafe.domain.tensors import Tri
from gradsafe.domain.values import (
    DictRef,
    Instance,
    ListRef,
    Source,
    TensorRef,
    TupleValue,
    Value,
)
from gradsafe.interp import autograd


def copy(path: Path, value: Value, deep: bool, source: Source, memo: dict[int, Value] | None = None) -> Value:
    """The copy of ``value``; a deep copy gives every tensor a storage of its own."""
    memo = {} if memo is None else memo
    oid = getattr(value, "oid", None)
    if oid in memo:
        return memo[oid]
    if isinstance(value, TensorRef):
        return memo.setdefault(value.oid, _tensor(path, value, deep, source))
    if isinstance(value, TupleValue):
        return (
            TupleValue(tuple(copy(path, item, deep, source, memo) for item in value.items)) if deep else value
        )
    if isinstance(value, ListRef):
        items = path.items(value.oid)
        fresh = ListRef(path.new_id())
        memo[value.oid] = fresh
        known = tuple(copy(path, item, deep, source, memo) for item in items.known) if deep else items.known
        path.heap[fresh.oid] = Items(known, items.rest, items.shape)
        return fresh
    if isinstance(value, DictRef):
        entries = path.entries(value.oid)
        twin = DictRef(path.new_id())
        memo[value.oid] = twin
        pairs = tuple((k, copy(path, v, deep, source, memo) if deep else v) for k, v in entries.known)
        path.heap[twin.oid] = Entries(pairs, entries.rest)
        return twin
    if isinstance(value, Instance):
        return _instance(path, value, deep, source, memo)
    return value


def _tensor(path: Path, value: TensorRef, deep: bool, source: Source) -> TensorRef:
    tensor = path.tensor(value.oid)
    if not deep:
        # `copy.copy(t)` shares the storage, with a counter of its own; of a tensor that requires grad it is a leaf.
        shared = autograd.data_of(path, source, value.oid, "copy")
        path.heap[shared] = replace(path.tensor(shared), requires_grad=tensor.requires_grad, leaf=Tri.YES)
        return TensorRef(shared)
    made = replace(tensor, node=None, base=None, leaf=Tri.YES, bypasses=(), flow=0)
    return TensorRef(autograd.new_tensor(path, source, "deepcopy", made))


def _instance(path: Path, value: Instance, deep: bool, source: Source, memo: dict[int, Value]) -> Instance:
    twin = Instance(path.new_id(), value.cls)
    memo[value.oid] = twin
    for (owner, name), held in path.vars.whole().items():
        if owner == value.oid:
            path.vars[twin.oid, name] = copy(path, held, deep, source, memo) if deep else held
    return twin
