"""The methods of Python's containers: lists, dicts, tuples, and properties' ``setter``."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from gradsafe.domain.state import Entries, Items, Path, Status
from gradsafe.domain.values import (
    FALSE,
    NONE,
    Const,
    DictRef,
    External,
    FunctionValue,
    ListRef,
    TupleValue,
    Unknown,
    Value,
    const,
)
from gradsafe.interp import (
    attribute_dict,
    calls,
    containers,
    data_classes,
    dispatching,
    picking,
    queues,
    sets,
    shapes,
    stand_ins,
    strings,
)

if TYPE_CHECKING:
    from gradsafe.interp.calls import Call
    from gradsafe.interp.machine import Machine, Outcomes


def call_method(machine: Machine, path: Path, receiver: Value, name: str, call: Call) -> Outcomes | None:
    """A method of a list, dict, tuple, string or context manager; None where not known."""
    if isinstance(receiver, (ListRef, DictRef)) and name in _SPELLED_OUT:
        return _spelled_out(machine, path, receiver, name, call)
    if isinstance(receiver, ListRef):
        return _list_method(machine, path, receiver, name, call)
    if isinstance(receiver, DictRef):
        return _dict_method(path, receiver, name, call)
    if isinstance(receiver, FunctionValue) and name in ("setter", "getter", "deleter"):
        setter = call.args[0] if call.args and name == "setter" else None
        return [(path, replace(receiver, setter=setter) if isinstance(setter, FunctionValue) else receiver)]
    if isinstance(receiver, FunctionValue) and receiver.dispatches and name == "register":
        return dispatching.register(machine, path, receiver, call)
    if isinstance(receiver, Const) and isinstance(receiver.value, str):
        return strings.call_method(path, receiver.value, name, call)
    if isinstance(receiver, TupleValue) and (made := data_classes.tuple_method(path, receiver, name, call)):
        return [(path, made)]
    if isinstance(receiver, TupleValue) and name in ("index", "count") and len(call.args) == 1:
        return [(path, _found(path, receiver.items, None, name, call.args[0]))]
    if isinstance(receiver, TupleValue) and name == "numel":
        total = 1
        for item in receiver.items:
            size = shapes.number(item)
            if size is None:
                return None
            total *= size
        return [(path, const(total))]
    return None


_SPELLED_OUT = {"__getitem__": 1, "__setitem__": 2, "__delitem__": 1}
"""What brackets stand for, with the number of arguments."""


def _spelled_out(
    machine: Machine, path: Path, receiver: ListRef | DictRef, name: str, call: Call
) -> Outcomes | None:
    if len(call.args) != _SPELLED_OUT[name]:
        return None
    if name == "__getitem__":
        return containers.get_item(machine, path, receiver, call.args[0], call.source)
    if name == "__delitem__":
        containers.delete_item(path, receiver, call.args[0])
        return [(path, NONE)]
    index, item = call.args
    paths = containers.set_item(machine, path, receiver, index, item, call.source, call.subject, False)
    return [(each, NONE) for each in ([path] if paths is None else paths)]


def _list_method(machine: Machine, path: Path, receiver: ListRef, name: str, call: Call) -> Outcomes | None:
    if (queued := queues.call_method(path, receiver, name, call)) is not None:
        return [(path, queued)]
    items = path.items(receiver.oid)
    first = call.args[0] if call.args else NONE
    if name in ("append", "add", "appendleft") and call.args:
        _append(path, receiver, name, first)
        return [(path, NONE)]
    if name in ("extend", "update", "extendleft"):
        return _extend(machine, path, receiver, name, call)
    if name == "insert" and len(call.args) == 2:
        at = shapes.number(first)
        if at is None:
            stand_ins.in_doubt(path, (*items.known, call.args[1]))
            at = 0
        known = (*items.known[:at], call.args[1], *items.known[at:])
        path.heap[receiver.oid] = Items(known, items.rest, items.shape)
        return [(path, NONE)]
    if name in ("pop", "popleft"):
        return [(path, _pop(path, receiver, name, call))]
    if name in ("remove", "discard") and call.args:
        if first in items.known and items.rest is None:
            at = items.known.index(first)
            path.heap[receiver.oid] = Items(items.known[:at] + items.known[at + 1 :], None, items.shape)
        return [(path, NONE)]
    if name == "sort":
        return _sort(machine, path, receiver, call)
    if name == "clear":
        path.heap[receiver.oid] = Items((), None, items.shape)
        return [(path, NONE)]
    if name == "reverse":
        path.heap[receiver.oid] = Items(items.known[::-1], items.rest, items.shape)
        return [(path, NONE)]
    if name == "rotate":
        _rotate(path, receiver, items, call)
        return [(path, NONE)]
    value = _list_value(path, receiver, items, name, call.args)
    return [(path, value)] if value is not None else None


def _rotate(path: Path, receiver: ListRef, items: Items, call: Call) -> None:
    """A deque's elements go round, the last ones to the front; by a number that is not known who knows which is where."""
    steps, length = shapes.number(call.args[0]) if call.args else 1, len(items.known)
    if items.rest is None and steps is not None:
        at = -steps % length if length else 0
        path.heap[receiver.oid] = Items(items.known[at:] + items.known[:at], None, items.shape)
    elif length:
        path.heap[receiver.oid] = Items((), Unknown(("rotated", path.new_id())), items.shape)


def _list_value(
    path: Path, receiver: ListRef, items: Items, name: str, args: tuple[Value, ...]
) -> Value | None:
    """The methods that change nothing."""
    if name in ("index", "count") and len(args) == 1:
        return _found(path, items.known, items.rest, name, args[0])
    if name in sets.OPERATORS.values() and len(args) == 1:
        return sets.operation(path, items, name, args[0])
    if name == "copy":
        return containers.new_list(path, items.known, items.rest, items.shape)
    return receiver if name == "__iter__" else None


def _append(path: Path, receiver: ListRef, name: str, value: Value) -> None:
    items = path.items(receiver.oid)
    if name == "add" and value in items.known:
        return
    known = (value, *items.known) if name == "appendleft" else (*items.known, value)
    limit = shapes.number(path.vars.get((receiver.oid, "#maxlen")))
    if limit is not None and len(known) > limit:
        known = known[:limit] if name == "appendleft" else known[-limit:]
    path.heap[receiver.oid] = containers.bounded(known, items.rest, items.shape)


def _extend(machine: Machine, path: Path, receiver: ListRef, name: str, call: Call) -> Outcomes:
    done: Outcomes = []
    for each, value in containers.spread(machine, path, call.args[0] if call.args else NONE, call.source):
        more, rest = containers.elements(each, value), containers.rest_of(each, value)
        held = each.items(receiver.oid)
        known = (*more[::-1], *held.known) if name == "extendleft" else held.known + more
        limit = shapes.number(each.vars.get((receiver.oid, "#maxlen")))
        known = known[-limit:] if limit else known
        each.heap[receiver.oid] = containers.bounded(known, held.rest or rest, held.shape)
        done.append((each, NONE))
    return done


def _pop(path: Path, receiver: ListRef, name: str, call: Call) -> Value:
    items = path.items(receiver.oid)
    index = shapes.number(call.args[0]) if call.args else (0 if name == "popleft" else -1)
    if items.known:
        exact = index is not None and (items.rest is None or index >= 0)
        if index is not None and exact and -len(items.known) <= index < len(items.known):
            left = list(items.known)
            value = left.pop(index)
            path.heap[receiver.oid] = Items(tuple(left), items.rest, items.shape)
            return value
        rest = (items.rest,) if items.rest is not None else ()
        values = (items.known[-1], *items.known[:-1], *rest)
        otherwise = Unknown(("popped", call.source.place, path.new_id()))
        return stand_ins.one_of(path, values, otherwise, further=bool(rest))
    if items.rest is not None:
        return (
            items.rest
            if isinstance(items.rest, Unknown)
            else stand_ins.one_of(path, (items.rest,), items.rest, True)
        )
    path.status, path.raised = Status.RAISED, "IndexError"
    return NONE


def _sort(machine: Machine, path: Path, receiver: ListRef, call: Call) -> Outcomes:
    shape = path.items(receiver.oid).shape
    sort = replace(call, function=External("builtins.sorted"), args=(receiver,))
    done: Outcomes = []
    for each, made in calls.call(machine, path, sort):
        if isinstance(made, ListRef):
            each.heap[receiver.oid] = replace(each.items(made.oid), shape=shape)
        done.append((each, NONE))
    return done


def _found(path: Path, known: tuple[Value, ...], rest: Value | None, name: str, wanted: Value) -> Value:
    constant = isinstance(wanted, Const) and all(isinstance(item, Const) for item in known)
    if rest is None and (constant or name == "index") and wanted in known:
        return const(known.index(wanted) if name == "index" else known.count(wanted))
    if rest is None and constant and name == "count":
        return const(0)
    return Unknown(("value", name, path.new_id()))


def _update(path: Path, receiver: DictRef, call: Call) -> Outcomes:
    entries = path.entries(receiver.oid)
    first = data_classes.held(path, call.args[0] if call.args else NONE)
    more = path.entries(first.oid).known if isinstance(first, DictRef) else ()
    extra = tuple((const(key), value) for key, value in call.kwargs.items())
    merged = dict(entries.known) | dict(more) | dict(extra)
    other = path.entries(first.oid).rest if isinstance(first, DictRef) else None
    rest = entries.rest or other
    if not isinstance(first, (DictRef, Const)):
        rest = Unknown(("update", receiver.oid))
        stand_ins.perhaps_replaced(path, (item for _, item in entries.known))
    path.heap[receiver.oid] = Entries(tuple(merged.items()), rest)
    attribute_dict.was_updated(path, receiver)
    return [(path, NONE)]


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
        value = picking.dict_item(path, receiver, first) if present or not exact else default
        if name == "pop" and exact and not present and len(call.args) == 1:
            path.status, path.raised = Status.RAISED, "KeyError"
        if name == "setdefault" and not present:
            containers.set_entry(path, receiver, first, value)
        if name == "pop":
            containers.delete_item(path, receiver, first)
        return [(path, value)]
    if name == "update":
        return _update(path, receiver, call)
    if name == "clear":
        path.heap[receiver.oid] = Entries(())
        return [(path, NONE)]
    if name == "copy":
        return [(path, containers.new_dict(path, entries.known, entries.rest))]
    if name == "popitem" and entries.known and entries.rest is None:
        pair = entries.known[0 if call.kwargs.get("last") == FALSE else -1]
        containers.delete_item(path, receiver, pair[0])
        return [(path, TupleValue(pair))]
    if name == "move_to_end":
        moved = tuple(pair for pair in entries.known if pair[0] == first)
        others = tuple(pair for pair in entries.known if pair[0] != first)
        in_front = call.argument(1, "last") == FALSE
        path.heap[receiver.oid] = Entries(moved + others if in_front else others + moved, entries.rest)
        return [(path, NONE)]
    if name == "most_common":
        return [(path, Unknown(("value", "most_common", path.new_id())))]
    return None
