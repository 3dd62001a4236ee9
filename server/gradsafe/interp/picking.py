"""Which element ``value[index]`` is, of a list, a tuple or a dict: the index or the number of elements may not be known."""

from __future__ import annotations

from gradsafe.domain.state import Path, Status
from gradsafe.domain.values import Const, DictRef, ListRef, SliceValue, Source, TupleValue, Unknown, Value
from gradsafe.interp import containers, stand_ins

LAST = Const(-1, int)


def unknown_at(value: Value, index: Value, source: Source) -> Value:
    """An element of which nothing is known but whose it is, and its index."""
    token = value.token if isinstance(value, Unknown) else source.place
    return Unknown(("item", token, index))


def sequence_item(path: Path, value: TupleValue | ListRef, index: Value, source: Source) -> Value:
    """``value[index]`` of a list or tuple."""
    known, rest = containers.elements(path, value), containers.rest_of(path, value)
    if isinstance(index, SliceValue):
        return _sliced(path, value, index, source)
    at = containers.position(index, len(known)) if rest is None or not _negative(index) else None
    if at is not None:
        return known[at]
    if rest is not None:
        if isinstance(rest, Unknown) or index == LAST:
            return rest
        return stand_ins.one_of(path, (rest, *known), rest, further=True)
    if isinstance(index, Const) and isinstance(index.value, int):
        path.status, path.raised = Status.RAISED, "IndexError"
    otherwise = unknown_at(value, index, source)
    return stand_ins.one_of(path, known, otherwise) if known and isinstance(index, Unknown) else otherwise


def _sliced(path: Path, value: TupleValue | ListRef, index: SliceValue, source: Source) -> Value:
    known, rest, bounds = (
        containers.elements(path, value),
        containers.rest_of(path, value),
        containers.python_slice(index),
    )
    if bounds is not None and rest is None:
        return (
            TupleValue(known[bounds])
            if isinstance(value, TupleValue)
            else containers.new_list(path, known[bounds])
        )
    if bounds is not None and (bounds.start or 0) >= 0 and bounds.stop is None and bounds.step in (None, 1):
        return containers.new_list(path, known[bounds], rest)
    otherwise = rest or unknown_at(value, index, source)
    return containers.new_list(
        path, (), stand_ins.one_of(path, known[::-1], otherwise) if known else otherwise
    )


def _negative(index: Value) -> bool:
    return isinstance(index, Const) and isinstance(index.value, int) and index.value < 0


def dict_item(path: Path, value: DictRef, key: Value) -> Value:
    """``value[key]``; the entry that was set under the same unknown key is that one."""
    entries = path.entries(value.oid)
    for known, item in entries.known:
        if known == key:
            return item
    items = tuple(item for _, item in entries.known)
    if entries.rest is not None:
        if isinstance(entries.rest, Unknown):
            return entries.rest
        return stand_ins.one_of(path, (entries.rest, *items), entries.rest, further=True)
    otherwise = Unknown(("entry", value.oid, key))
    return stand_ins.one_of(path, items, otherwise) if items and isinstance(key, Unknown) else otherwise
