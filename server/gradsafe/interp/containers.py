"""Lists, tuples, dicts, ranges: items, iteration, unpacking. Tensors are passed on to ``indexing``."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from gradsafe.domain.state import Entries, Items, Path, Status
from gradsafe.domain.values import (
    ClassValue,
    Const,
    DictRef,
    External,
    Instance,
    Lazy,
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
from gradsafe.interp import (
    attribute_dict,
    calls,
    data_classes,
    generators,
    indexing,
    iteration,
    module_containers,
    modules,
    picking,
    renewing,
    since,
    stand_ins,
)
from gradsafe.interp.machine import Machine, Outcomes

MAX_KNOWN = 256
"""Elements of a list that are kept apart: lists that double would fill the memory in a few lines."""

MAX_RANGE = 64
"""Longest range that is spelled out; longer ones are loops of unknown length with unknown indices."""


@dataclass(frozen=True, slots=True)
class Rounds:
    """What a loop goes over: values (or functions of the path that make them); ``open``: their number is not known.

    ``some``: there is one at least, as an earlier loop over the same has seen.
    """

    items: tuple[Value | Callable[[Path], Value], ...]
    open: bool = False
    some: bool = False

    @property
    def may_be_none(self) -> bool:
        """Whether the body may not run at all."""
        return self.open and not self.some


def elements(path: Path, value: Value) -> tuple[Value, ...]:
    """The known elements of a sequence, for ``*args`` and displays."""
    if isinstance(value, TupleValue):
        return value.items
    if isinstance(value, ListRef):
        return path.items(value.oid).known
    if isinstance(value, DictRef):
        return tuple(key for key, _ in path.entries(value.oid).known)
    if isinstance(value, RangeValue):
        return tuple(const(index) for index in (range_indices(value) or ())[:MAX_RANGE])
    if isinstance(value, Lazy):
        held = path.heap.get(value.oid)
        return held.known if isinstance(held, Items) else ()
    if isinstance(value, Instance):
        inner = data_classes.held(path, value)
        return elements(path, inner) if inner is not value else ()
    if isinstance(value, Const) and isinstance(value.value, str):
        return tuple(const(letter) for letter in value.value[:MAX_RANGE])
    return ()


def spread(machine: Machine, path: Path, value: Value, source: Source) -> Outcomes:
    """A value whose elements can be read off: of an iterable that must be run the list of what it gives."""
    value = data_classes.held(path, value)
    if not isinstance(value, (Lazy, Instance, ClassValue, TensorRef)):
        return [(path, value)]
    found: Outcomes = []
    for each, rounds in iterate(machine, path, value, source):
        items = tuple(item(each) if callable(item) else item for item in rounds.items)
        found.append((each, new_list(each, items, items[-1] if rounds.open and items else None)))
    return found


def rest_of(path: Path, value: Value) -> Value | None:
    """The value of further elements where the length of a sequence is not known, or nothing of what it holds."""
    if isinstance(value, Instance):
        value = data_classes.held(path, value)
    if isinstance(value, ListRef):
        return path.items(value.oid).rest
    if isinstance(value, DictRef):
        rest = path.entries(value.oid).rest
        return Unknown(("key", value.oid)) if rest is not None else None
    if isinstance(value, Unknown):
        return Unknown(("item", value.token))
    if isinstance(value, (TupleValue, Lazy)) or (isinstance(value, Const) and value.value is None):
        return None
    if isinstance(value, RangeValue):
        indices = range_indices(value)
        return None if indices is not None and len(indices) <= MAX_RANGE else Unknown(("item", value))
    if isinstance(value, Const) and isinstance(value.value, str) and len(value.value) <= MAX_RANGE:
        return None
    return Unknown(("item", value))


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


def bounded(items: tuple[Value, ...], rest: Value | None, shape: str = "list") -> Items:
    """A list of which a bounded number of elements is kept apart; a further one stands for all that follow."""
    if len(items) <= MAX_KNOWN:
        return Items(items, rest, shape)
    return Items(items[:MAX_KNOWN], rest or items[MAX_KNOWN], shape)


def new_list(path: Path, items: tuple[Value, ...], rest: Value | None = None, shape: str = "list") -> ListRef:
    oid = path.new_id()
    path.heap[oid] = bounded(items, rest, shape)
    return ListRef(oid)


def fill(path: Path, value: ListRef | DictRef, item: Value) -> None:
    """What is known to be empty may hold elements of which nothing is known."""
    held = path.heap[value.oid]
    if isinstance(held, (Items, Entries)) and not held.known and held.rest is None:
        path.heap[value.oid] = replace(held, rest=item)


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
        length = _known_length(path, value)
        if length is not None:
            numbers = tuple(const(index) for index in range(*length)[:MAX_RANGE])
            return [
                (
                    path,
                    Rounds((*numbers, Unknown(("index", source.place, path.new_id()))), True, bool(numbers)),
                )
            ]
        return [(path, _open(machine, lambda p: Unknown(("index", source.place, p.new_id()))))]
    if isinstance(value, TensorRef):
        return indexing.iterate_tensor(machine, path, value, source)
    if isinstance(value, Lazy):
        forced = generators.force(machine, path, value)
        found = [part for each, made in forced for part in iterate(machine, each, made, source)]
        for each, _ in forced:
            each.heap[value.oid] = Items((), None, "generator")
        return found
    if isinstance(value, ClassValue):
        return [(path, Rounds(data_classes.members(path, value) or ()))]
    value = data_classes.held(path, value)
    if isinstance(value, DictRef):
        entries = path.entries(value.oid)
        keys = tuple(key for key, _ in entries.known)
        return [(path, Rounds(keys, entries.rest is not None))]
    if isinstance(value, (TupleValue, ListRef)):
        rest = rest_of(path, value)
        known = elements(path, value)
        if rest is not None:
            items = stand_ins.rounds(path, known, rest, machine.budget.rounds)
            return [(path, Rounds(items, True, bool(known)))]
        return [(path, Rounds(known))]
    if isinstance(value, Instance):
        return _iterate_instance(machine, path, value, source)
    if isinstance(value, Const) and isinstance(value.value, str):
        return [(path, Rounds(tuple(const(letter) for letter in value.value[:MAX_RANGE])))]
    return [(path, _open(machine, lambda p: unknown_item(p, value, source)))]


def _known_length(path: Path, value: RangeValue) -> tuple[int, int] | None:
    """The indices from which to which a list surely has elements, of ``range(len(xs))``."""
    token = value.stop.token if isinstance(value.stop, Unknown) else None
    if not (isinstance(token, tuple) and len(token) == 2 and token[0] == "len"):
        return None
    start, held = value.start, token[1]
    counts = isinstance(start, Const) and isinstance(start.value, int) and value.step == const(1)
    if not (counts and isinstance(held, ListRef) and isinstance(path.heap.get(held.oid), Items)):
        return None
    return max(0, int(str(start.value))), len(path.items(held.oid).known)  # type: ignore[union-attr]


def _open(machine: Machine, make: Callable[[Path], Value]) -> Rounds:
    return Rounds((make,) * machine.budget.rounds, True)


def unknown_item(path: Path, value: Value, source: Source) -> Value:
    """An element of which nothing is known."""
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
        taken = iteration.by_index(machine, path, value, source)
        if taken is not None:
            return taken
        if modules.is_data_source(value):
            return [(path, _open(machine, lambda p: modules.batch(machine, p, value, source)))]
        return [(path, _open(machine, lambda p: unknown_item(p, value, source)))]
    found: list[tuple[Path, Rounds]] = []
    for each, result in outcomes:
        if isinstance(result, Instance):
            found.extend(iteration.by_next(machine, each, result, source))
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
        items = stand_ins.rounds(path, known, rest, count)
        return [items[index] if index < len(items) else rest for index in range(count)]
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
        return [(path, picking.sequence_item(path, value, index, source))]
    if isinstance(value, DictRef):
        return _entry(machine, path, value, index, source)
    if isinstance(value, Const) and isinstance(value.value, str):
        return [(path, _letter(value.value, index) or picking.unknown_at(value, index, source))]
    if isinstance(value, ClassValue):
        if data_classes.is_enum(value):
            return [(path, data_classes.member_of(path, value, index, "name"))]
        outcomes = calls.call_class_getitem(machine, path, value, index, source)
        return outcomes if outcomes is not None else [(path, value)]  # `Box[int]`: a generic class
    if isinstance(value, RangeValue):
        indices = range_indices(value)
        at = position(index, len(indices)) if indices is not None else None
        return [
            (
                path,
                const(indices[at])
                if indices is not None and at is not None
                else picking.unknown_at(value, index, source),
            )
        ]
    if isinstance(value, Instance):
        children = module_containers.get_item(path, value, index, source)
        if children is not None:
            return [(path, children)]
        outcomes = calls.call_method(machine, path, value, "__getitem__", (index,), source)
        if outcomes is not None:
            return outcomes
        inner = data_classes.held(path, value)
        if inner is not value:
            return get_item(machine, path, inner, index, source)
    if isinstance(value, External):
        return [(path, value)]  # `Tensor["b c"]`, `list[int]`: an annotation
    if isinstance(value, Unknown) and (known := path.vars.get((("tensor", value.token), "#ref"))) is not None:
        return indexing.get_tensor_item(machine, path, known, index, source)  # type: ignore[arg-type]
    item = picking.unknown_at(value, index, source)
    return renewing.read_again(machine, path, item, source, "the item is the same each time")


def _letter(text: str, index: Value) -> Value | None:
    at = position(index, len(text))
    if at is not None:
        return const(text[at])
    bounds = python_slice(index) if isinstance(index, SliceValue) else None
    return const(text[bounds]) if bounds is not None else None


def _entry(machine: Machine, path: Path, value: DictRef, index: Value, source: Source) -> Outcomes:
    """``dict[key]``: KeyError where the dict is known and has no such key, unless it has a factory."""
    entries = path.entries(value.oid)
    known = (
        entries.rest is None
        and isinstance(index, Const)
        and all(isinstance(k, Const) for k, _ in entries.known)
    )
    if known and all(key != index for key, _ in entries.known):
        factory = path.vars.get((value.oid, "#factory"))
        if factory is not None:
            made = calls.call(machine, path, calls.Call(factory, (), {}, source))
            for each, item in made:
                set_entry(each, value, index, item)
            return made
        path.status, path.raised = Status.RAISED, "KeyError"
    return [(path, picking.dict_item(path, value, index))]


def set_item(
    machine: Machine, path: Path, value: Value, index: Value, item: Value, source: Source, subject: str, augmented: bool,
) -> list[Path] | None:  # fmt: skip
    """``value[index] = item``."""
    if isinstance(value, Unknown):
        known = path.vars.get((("tensor", value.token), "#ref"))
        if known is None:
            since.changed(path, value.token)
        value = known if known is not None else value
    if isinstance(value, TensorRef):
        return indexing.set_tensor_item(machine, path, value, index, item, source, subject, augmented)
    if isinstance(value, ListRef):
        items = path.items(value.oid)
        at = position(index, len(items.known))
        bounds = python_slice(index) if isinstance(index, SliceValue) else None
        if bounds is not None and items.rest is None:
            replaced = list(items.known)
            try:
                replaced[bounds] = elements(path, item)
            except ValueError:  # an extended slice of another length
                replaced = [*items.known]
            path.heap[value.oid] = Items(tuple(replaced), rest_of(path, item), items.shape)
        elif at is not None:
            changed = (*items.known[:at], item, *items.known[at + 1 :])
            path.heap[value.oid] = Items(changed, items.rest, items.shape)
        else:
            stand_ins.in_doubt(path, (*items.known, item))
            path.heap[value.oid] = Items(items.known, item, items.shape)
    elif isinstance(value, DictRef):
        set_entry(path, value, index, item)
    elif isinstance(value, TupleValue):
        path.status, path.raised = Status.RAISED, "TypeError"
    elif isinstance(value, Instance):
        outcomes = calls.call_method(machine, path, value, "__setitem__", (index, item), source)
        if outcomes is not None:
            return [each for each, _ in outcomes]
        inner = data_classes.held(path, value)
        if inner is not value:
            return set_item(machine, path, inner, index, item, source, subject, augmented)
        module_containers.set_item(path, value, index, item)
    return None


def set_entry(path: Path, value: DictRef, key: Value, item: Value) -> None:
    """``dict[key] = item``; an unknown key may hit any entry, so the item becomes the rest, too."""
    entries = path.entries(value.oid)
    known = dict(entries.known)
    if isinstance(key, Unknown):
        stand_ins.in_doubt(path, (*(other for name, other in entries.known if isinstance(name, Const)), item))
        known[key] = item
        path.heap[value.oid] = Entries(tuple(known.items()), item)
        return
    known[key] = item
    path.heap[value.oid] = Entries(tuple(known.items()), entries.rest)
    attribute_dict.entry_was_set(path, value, key, item)


def delete_item(path: Path, value: Value, index: Value) -> None:
    """``del value[index]``."""
    value = data_classes.held(path, value)
    if isinstance(value, ListRef):
        items = path.items(value.oid)
        at = position(index, len(items.known))
        bounds = python_slice(index) if isinstance(index, SliceValue) else None
        if bounds is not None:
            kept = [*items.known]
            del kept[bounds]
            path.heap[value.oid] = Items(tuple(kept), items.rest, items.shape)
        elif at is not None:
            path.heap[value.oid] = Items(items.known[:at] + items.known[at + 1 :], items.rest, items.shape)
        else:
            stand_ins.in_doubt(path, items.known)
    elif isinstance(value, DictRef):
        entries = path.entries(value.oid)
        if isinstance(index, Unknown) and all(name != index for name, _ in entries.known):
            stand_ins.in_doubt(path, tuple(item for _, item in entries.known))
        path.heap[value.oid] = Entries(
            tuple(pair for pair in entries.known if pair[0] != index), entries.rest
        )
    elif isinstance(value, Instance):
        module_containers.delete_item(path, value, index)
