"""Lists, tuples, dicts, ranges: items, iteration, unpacking. Tensors are passed on to ``indexing``."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from gradsafe.domain.state import Entries, Items, Path
from gradsafe.domain.values import (
    Const,
    DictRef,
    External,
    Instance,
    ListRef,
    RangeValue,
    SliceValue,
    Source,
    TensorRef,
    TupleValue,
    Unknown,
    Value,
    const,
)
from gradsafe.interp import calls, indexing, module_containers, modules
from gradsafe.interp.machine import Machine, Outcomes

MAX_RANGE = 64
"""Longest range that is spelled out; longer ones are loops of unknown length with unknown indices."""


@dataclass(frozen=True, slots=True)
class Rounds:
    """What a loop goes over: values (or functions of the path that make them); ``open``: their number is not known."""

    items: tuple[Value | Callable[[Path], Value], ...]
    open: bool = False


def elements(path: Path, value: Value) -> tuple[Value, ...]:
    """The known elements of a sequence, for ``*args`` and displays."""
    if isinstance(value, TupleValue):
        return value.items
    if isinstance(value, ListRef):
        return path.items(value.oid).known
    if isinstance(value, DictRef):
        return tuple(key for key, _ in path.entries(value.oid).known)
    if isinstance(value, RangeValue):
        return tuple(const(index) for index in range_indices(value) or ())
    return ()


def rest_of(path: Path, value: Value) -> Value | None:
    """The value of further elements where the length of a sequence is not known."""
    if isinstance(value, ListRef):
        return path.items(value.oid).rest
    if isinstance(value, Unknown):
        return Unknown(("item", value.token))
    return None


def string_entries(path: Path, value: Value) -> dict[str, Value]:
    """The entries of a dict that can be keyword arguments."""
    if not isinstance(value, DictRef):
        return {}
    pairs = path.entries(value.oid).known
    return {key.value: item for key, item in pairs if isinstance(key, Const) and isinstance(key.value, str)}


def range_indices(value: RangeValue) -> range | None:
    """The indices of a range whose bounds are known."""
    bounds: list[int] = []
    for part in (value.start, value.stop, value.step):
        if not isinstance(part, Const) or not isinstance(part.value, int):
            return None
        bounds.append(part.value)
    return range(bounds[0], bounds[1], bounds[2]) if bounds[2] != 0 else None


def new_list(path: Path, items: tuple[Value, ...], rest: Value | None = None, shape: str = "list") -> ListRef:
    oid = path.new_id()
    path.heap[oid] = Items(items, rest, shape)
    return ListRef(oid)


def new_dict(path: Path, entries: tuple[tuple[Value, Value], ...], rest: Value | None = None) -> DictRef:
    oid = path.new_id()
    path.heap[oid] = Entries(entries, rest)
    return DictRef(oid)


def iterate(machine: Machine, path: Path, value: Value, source: Source) -> list[tuple[Path, Rounds]]:
    """What ``for x in value`` goes over, per path."""
    if isinstance(value, RangeValue):
        indices = range_indices(value)
        if indices is not None and len(indices) <= MAX_RANGE:
            return [(path, Rounds(tuple(const(index) for index in indices)))]
        if indices is not None:
            head = [const(index) for index in indices[: machine.budget.rounds + 1]]
            return [(path, Rounds((*head, const(indices[-1]))))]
        return [(path, _open(machine, lambda p: Unknown(("index", source.place, p.new_id()))))]
    if isinstance(value, TensorRef):
        return indexing.iterate_tensor(machine, path, value, source)
    if isinstance(value, DictRef):
        entries = path.entries(value.oid)
        keys = tuple(key for key, _ in entries.known)
        return [(path, Rounds(keys, entries.rest is not None))]
    if isinstance(value, (TupleValue, ListRef)):
        rest = rest_of(path, value)
        known = elements(path, value)
        if rest is not None:
            extra = max(1, machine.budget.rounds - len(known))
            return [(path, Rounds((*known, *([rest] * extra)), True))]
        return [(path, Rounds(known))]
    if isinstance(value, Instance):
        return _iterate_instance(machine, path, value, source)
    if isinstance(value, Const) and isinstance(value.value, str):
        return [(path, Rounds(tuple(const(letter) for letter in value.value[:MAX_RANGE])))]
    return [(path, _open(machine, lambda p: _unknown_item(p, value, source)))]


def _open(machine: Machine, make: Callable[[Path], Value]) -> Rounds:
    return Rounds((make,) * machine.budget.rounds, True)


def _unknown_item(path: Path, value: Value, source: Source) -> Value:
    token = value.token if isinstance(value, Unknown) else source.place
    return Unknown(("item", token, path.new_id()))


def _iterate_instance(
    machine: Machine, path: Path, value: Instance, source: Source
) -> list[tuple[Path, Rounds]]:
    children = module_containers.iterated(path, value)
    if children is not None:
        return [(path, Rounds(children))]
    outcomes = calls.call_method(machine, path, value, "__iter__", (), source)
    if outcomes is None:
        if modules.is_data_source(value):
            return [(path, _open(machine, lambda p: modules.batch(machine, p, value, source)))]
        return [(path, _open(machine, lambda p: _unknown_item(p, value, source)))]
    found: list[tuple[Path, Rounds]] = []
    for each, result in outcomes:
        if isinstance(result, Instance):
            found.append((each, _open(machine, lambda p: _unknown_item(p, value, source))))
        else:
            found.extend(iterate(machine, each, result, source))
    return found


def unpack(
    machine: Machine, path: Path, value: Value, count: int, star: int | None, source: Source
) -> list[Value]:
    """The values of ``a, *b, c = value``."""
    if isinstance(value, TensorRef):
        return indexing.unpack_tensor(machine, path, value, count, source)
    known = elements(path, value)
    if star is None and len(known) == count:
        return list(known)
    if star is not None and len(known) >= count - 1 and rest_of(path, value) is None:
        after = count - star - 1
        middle = known[star : len(known) - after]
        return [*known[:star], new_list(path, middle), *known[len(known) - after :]]
    rest = rest_of(path, value)
    if rest is not None and (known or not isinstance(value, Unknown)):
        return [known[index] if index < len(known) else rest for index in range(count)]
    token = value.token if isinstance(value, Unknown) else source.place
    return [Unknown(("unpack", token, index)) for index in range(count)]


def position(index: Value, length: int) -> int | None:
    """A constant index into a sequence of ``length``; None where unknown or out of range."""
    if isinstance(index, Const) and isinstance(index.value, int):
        at = index.value + length if index.value < 0 else index.value
        return at if 0 <= at < length else None
    return None


def python_slice(index: SliceValue) -> slice | None:
    """A slice whose bounds are all known."""
    bounds: list[int | None] = []
    for part in (index.lower, index.upper, index.step):
        if not isinstance(part, Const) or not (part.value is None or isinstance(part.value, int)):
            return None
        bounds.append(part.value)
    return slice(*bounds) if bounds[2] != 0 else None


def get_item(machine: Machine, path: Path, value: Value, index: Value, source: Source) -> Outcomes:
    """``value[index]``."""
    if isinstance(value, TensorRef):
        return indexing.get_tensor_item(machine, path, value, index, source)
    if isinstance(value, (TupleValue, ListRef)):
        return [(path, _sequence_item(path, value, index, source))]
    if isinstance(value, DictRef):
        return [(path, _dict_item(path, value, index))]
    if isinstance(value, RangeValue):
        indices = range_indices(value)
        at = position(index, len(indices)) if indices is not None else None
        return [
            (
                path,
                const(indices[at]) if indices is not None and at is not None else _item(value, index, source),
            )
        ]
    if isinstance(value, Instance):
        children = module_containers.get_item(path, value, index, source)
        if children is not None:
            return [(path, children)]
        outcomes = calls.call_method(machine, path, value, "__getitem__", (index,), source)
        if outcomes is not None:
            return outcomes
    if isinstance(value, External):
        return [(path, value)]  # `Tensor["b c"]`, `list[int]`: an annotation
    if isinstance(value, Unknown) and (known := path.vars.get((("tensor", value.token), "#ref"))) is not None:
        return indexing.get_tensor_item(machine, path, known, index, source)  # type: ignore[arg-type]
    return [(path, _item(value, index, source))]


def _item(value: Value, index: Value, source: Source) -> Value:
    token = value.token if isinstance(value, Unknown) else source.place
    return Unknown(("item", token, index))


def _sequence_item(path: Path, value: TupleValue | ListRef, index: Value, source: Source) -> Value:
    known, rest = elements(path, value), rest_of(path, value)
    if isinstance(index, SliceValue):
        bounds = python_slice(index)
        if bounds is None or rest is not None:
            return new_list(path, (), known[-1] if known else rest or _item(value, index, source))
        return TupleValue(known[bounds]) if isinstance(value, TupleValue) else new_list(path, known[bounds])
    at = position(index, len(known)) if rest is None or not _negative(index) else None
    if at is not None:
        return known[at]
    if rest is not None:
        return rest
    if known and isinstance(index, Unknown):
        return known[0]  # any element: the first stands for all
    return _item(value, index, source)


def _negative(index: Value) -> bool:
    return isinstance(index, Const) and isinstance(index.value, int) and index.value < 0


def _dict_item(path: Path, value: DictRef, key: Value) -> Value:
    entries = path.entries(value.oid)
    for known, item in entries.known:
        if known == key:
            return item
    if entries.rest is not None:
        return entries.rest
    if isinstance(key, Unknown) and entries.known:
        return entries.known[0][1]
    return Unknown(("entry", value.oid, key))


def set_item(
    machine: Machine, path: Path, value: Value, index: Value, item: Value, source: Source, subject: str, augmented: bool,
) -> list[Path] | None:  # fmt: skip
    """``value[index] = item``."""
    if isinstance(value, Unknown):
        known = path.vars.get((("tensor", value.token), "#ref"))
        value = known if known is not None else value
    if isinstance(value, TensorRef):
        return indexing.set_tensor_item(machine, path, value, index, item, source, subject, augmented)
    if isinstance(value, ListRef):
        items = path.items(value.oid)
        at = position(index, len(items.known))
        if at is not None:
            replaced = (*items.known[:at], item, *items.known[at + 1 :])
            path.heap[value.oid] = Items(replaced, items.rest, items.shape)
        else:
            path.heap[value.oid] = Items(items.known, item, items.shape)
    elif isinstance(value, DictRef):
        set_entry(path, value, index, item)
    elif isinstance(value, Instance):
        outcomes = calls.call_method(machine, path, value, "__setitem__", (index, item), source)
        if outcomes is not None:
            return [each for each, _ in outcomes]
        module_containers.set_item(path, value, index, item)
    return None


def set_entry(path: Path, value: DictRef, key: Value, item: Value) -> None:
    """``dict[key] = item``; an unknown key may hit any entry, so the item becomes the rest."""
    entries = path.entries(value.oid)
    if isinstance(key, Unknown):
        path.heap[value.oid] = Entries(entries.known, item)
        return
    known = dict(entries.known)
    known[key] = item
    path.heap[value.oid] = Entries(tuple(known.items()), entries.rest)


def delete_item(path: Path, value: Value, index: Value) -> None:
    """``del value[index]``."""
    if isinstance(value, ListRef):
        items = path.items(value.oid)
        at = position(index, len(items.known))
        if at is not None:
            path.heap[value.oid] = Items(items.known[:at] + items.known[at + 1 :], items.rest, items.shape)
    elif isinstance(value, DictRef):
        entries = path.entries(value.oid)
        path.heap[value.oid] = Entries(
            tuple(pair for pair in entries.known if pair[0] != index), entries.rest
        )
    elif isinstance(value, Instance):
        module_containers.delete_item(path, value, index)
