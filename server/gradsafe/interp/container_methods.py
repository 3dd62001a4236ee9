"""The methods of Python's containers: lists, dicts, tuples, and properties' ``setter``."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from gradsafe.domain.state import Entries, Items, Path
from gradsafe.domain.values import (
    NONE,
    Const,
    DictRef,
    FunctionValue,
    ListRef,
    TupleValue,
    Unknown,
    Value,
    const,
)
from gradsafe.interp import containers, shapes

if TYPE_CHECKING:
    from gradsafe.interp.calls import Call
    from gradsafe.interp.machine import Machine, Outcomes


def call_method(machine: Machine, path: Path, receiver: Value, name: str, call: Call) -> Outcomes | None:
    """A method of a list, dict, tuple, string or context manager; None where not known."""
    if isinstance(receiver, ListRef):
        return _list_method(machine, path, receiver, name, call)
    if isinstance(receiver, DictRef):
        return _dict_method(path, receiver, name, call)
    if isinstance(receiver, FunctionValue) and name in ("setter", "getter", "deleter"):
        return [(path, receiver)]
    if isinstance(receiver, TupleValue) and name == "numel":
        total = 1
        for item in receiver.items:
            size = shapes.number(item)
            if size is None:
                return None
            total *= size
        return [(path, const(total))]
    return None


def _list_method(machine: Machine, path: Path, receiver: ListRef, name: str, call: Call) -> Outcomes | None:
    items = path.items(receiver.oid)
    first = call.args[0] if call.args else NONE
    if name in ("append", "add", "appendleft") and call.args:
        known = (*items.known, first) if name != "appendleft" else (first, *items.known)
        path.heap[receiver.oid] = Items(known[-64:], items.rest, items.shape)
        return [(path, NONE)]
    if name in ("extend", "update"):
        more, rest = containers.elements(path, first), containers.rest_of(path, first)
        path.heap[receiver.oid] = Items(items.known + more, items.rest or rest, items.shape)
        return [(path, NONE)]
    if name == "insert" and len(call.args) == 2:
        at = shapes.number(first) or 0
        known = (*items.known[:at], call.args[1], *items.known[at:])
        path.heap[receiver.oid] = Items(known, items.rest, items.shape)
        return [(path, NONE)]
    if name in ("pop", "popleft") and items.known:
        index = shapes.number(first) if call.args else (0 if name == "popleft" else -1)
        if index is not None and -len(items.known) <= index < len(items.known) and items.rest is None:
            rest_items = list(items.known)
            value = rest_items.pop(index)
            path.heap[receiver.oid] = Items(tuple(rest_items), None, items.shape)
            return [(path, value)]
        return [(path, items.known[-1])]
    if name == "clear":
        path.heap[receiver.oid] = Items((), None, items.shape)
        return [(path, NONE)]
    if name == "reverse":
        path.heap[receiver.oid] = Items(items.known[::-1], items.rest, items.shape)
        return [(path, NONE)]
    if name == "copy":
        return [(path, containers.new_list(path, items.known, items.rest, items.shape))]
    if name == "__iter__":
        return [(path, receiver)]
    return None


def _dict_method(path: Path, receiver: DictRef, name: str, call: Call) -> Outcomes | None:
    entries = path.entries(receiver.oid)
    first = call.args[0] if call.args else NONE
    if name in ("keys", "values", "items"):
        pick: Mapping[str, Callable[[tuple[Value, Value]], Value]] = {
            "keys": lambda pair: pair[0], "values": lambda pair: pair[1], "items": lambda pair: TupleValue(pair),
        }  # fmt: skip
        known = tuple(pick[name](pair) for pair in entries.known)
        rest = entries.rest
        if rest is not None and name == "items":
            rest = TupleValue((Unknown(("key", receiver.oid)), rest))
        elif name == "keys" and rest is not None:
            rest = Unknown(("key", receiver.oid))
        return [(path, containers.new_list(path, known, rest, "generator"))]
    if name in ("get", "pop", "setdefault") and call.args:
        present = any(key == first for key, _ in entries.known)
        default = call.args[1] if len(call.args) > 1 else NONE
        exact = (
            entries.rest is None
            and isinstance(first, Const)
            and all(isinstance(k, Const) for k, _ in entries.known)
        )
        value = containers._dict_item(path, receiver, first) if present or not exact else default
        if name == "setdefault" and not present:
            containers.set_entry(path, receiver, first, value)
        if name == "pop":
            containers.delete_item(path, receiver, first)
        return [(path, value)]
    if name == "update":
        more = path.entries(first.oid).known if isinstance(first, DictRef) else ()
        extra = tuple((const(key), value) for key, value in call.kwargs.items())
        merged = dict(entries.known) | dict(more) | dict(extra)
        rest = entries.rest if isinstance(first, (DictRef, Const)) else Unknown(("update", receiver.oid))
        path.heap[receiver.oid] = Entries(tuple(merged.items()), rest)
        return [(path, NONE)]
    if name == "clear":
        path.heap[receiver.oid] = Entries(())
        return [(path, NONE)]
    if name == "copy":
        return [(path, containers.new_dict(path, entries.known, entries.rest))]
    return None
