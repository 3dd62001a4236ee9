"""What may be another tensor than it was: an attribute of an object of which nothing is known is a property perhaps, and whoever gets
a list may put another tensor into it.

Mostly it is the same, and mostly that does not matter: where such a tensor is written, or torch refuses that, both are explored
(:class:`gradsafe.domain.state.Sharing`).
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator
from typing import TYPE_CHECKING

from gradsafe.domain.state import Entries, Items, Path
from gradsafe.domain.tensors import Tri
from gradsafe.domain.values import (
    ClassValue,
    Const,
    DictRef,
    FunctionValue,
    Instance,
    ListRef,
    Source,
    TensorRef,
    TupleValue,
    Unknown,
    Value,
)
from gradsafe.interp import classes, handed, modules, names, torch_ops, walk
from gradsafe.ir import instructions as ir

if TYPE_CHECKING:
    from gradsafe.interp.calls import Call
    from gradsafe.interp.machine import Machine, Outcomes

_DEPTH = 3
"""Containers in each other that are looked into."""


def read_again(machine: Machine, path: Path, value: Value, source: Source, text: str) -> Outcomes:
    """``value`` as it is read once more from something of which nothing is known: perhaps each read gives another tensor."""
    known = torch_ops.resolve(path, value)
    if not isinstance(known, TensorRef):
        return [(path, value)]
    outcomes: Outcomes = []
    for each, same in _sides(machine, path, (known,), source, ("again", known.oid), text):
        outcomes.append((each, value if same else _another(each, source)))
    return outcomes


def attribute(
    machine: Machine, path: Path, obj: Instance, name: str, value: Value, source: Source
) -> Outcomes:
    """An attribute of an object of the program: of one that was handed to somebody perhaps not what it was."""
    if not isinstance(value, TensorRef):
        return [(path, value)]  # as of most: looking for the mark would cost more than the attribute
    then = path.vars.get((obj.oid, handed.MARK))
    if not isinstance(then, Const) or value.oid > int(str(then.value)):
        return [(path, value)]
    return read_again(machine, path, value, source, f"`{name}` is what it was")


def hand_over(machine: Machine, path: Path, call: Call) -> list[Path]:
    """Somebody of whom nothing is known gets the arguments, and may put other tensors into what they hold."""
    given = list(_within((*call.args, *call.kwargs.values())))
    for each in given:
        if isinstance(each, Instance) and is_own_object(each):
            path.vars[each.oid, handed.MARK] = Const(path.new_id(), int)
    held = [ref for each in given for ref in _tensors(path, each)]
    if call.for_effect:
        _may_freeze(path, (*call.args, *held))
    functions = (each for each in given if isinstance(each, FunctionValue))
    rebound = [name for each in functions for name in _rebinds(machine, path, each)]
    held += [ref for name in rebound if isinstance(ref := path.vars.get(name), TensorRef)]
    if not held:
        return [path]
    paths: list[Path] = []
    text = "what is called there puts no other tensor into what it gets"
    for side, same in _sides(machine, path, held, call.source, ("handed", call.source.place), text):
        if not same:
            for each in given:
                _renew(side, each, call.source)
            for name in rebound:
                side.vars[name] = _another(side, call.source)
        paths.append(side)
    return paths


def _may_freeze(path: Path, values: Iterable[Value]) -> None:
    """A function that is called for what it does may say of leaves that they require no grad any more."""
    for value in values:
        known = torch_ops.resolve(path, value)
        if isinstance(known, TensorRef) and path.tensor(known.oid).leaf is Tri.YES:
            handed.leaf(path, known.oid)
        elif isinstance(known, Instance) and not is_own_object(known):
            handed.module(path)


def _sides(
    machine: Machine, path: Path, refs: Iterable[TensorRef], source: Source, token: Hashable, text: str
) -> list[tuple[Path, bool]]:
    """The same tensors, and others; only the same where it is not known yet that this matters."""
    if machine.forking is not None and source.place not in machine.forking:
        counters = {path.tensor(ref.oid).counter for ref in refs}
        path.sharing.doubts.update((source.place, counter, counter) for counter in counters)
        return [(path, True)]
    return machine.fork_on(path, token, text)


def _within(values: Iterable[Value], depth: int = _DEPTH) -> Iterator[Value]:
    for value in values:
        if isinstance(value, (ListRef, DictRef, Instance, FunctionValue)):
            yield value
        elif isinstance(value, TupleValue) and depth:
            yield from _within(value.items, depth - 1)


def _tensors(path: Path, value: Value) -> list[TensorRef]:
    """The tensors in a list or dict that may be exchanged there."""
    return [
        ref for item in _items(path, value) if isinstance(ref := torch_ops.resolve(path, item), TensorRef)
    ]


def _items(path: Path, value: Value) -> tuple[Value, ...]:
    held: Items | Entries
    if isinstance(value, ListRef):
        held = path.items(value.oid)
        known = held.known
    elif isinstance(value, DictRef):
        held = path.entries(value.oid)
        known = tuple(item for _, item in held.known)
    else:
        return ()
    return (*known, held.rest) if held.rest is not None else known


def _another(path: Path, source: Source) -> Value:
    """A tensor of which nothing is known."""
    return torch_ops.materialise(path, Unknown(("another", source.place, path.new_id())), source)


def _renew(path: Path, value: Value, source: Source) -> None:
    def other(item: Value) -> Value:
        return _another(path, source) if isinstance(torch_ops.resolve(path, item), TensorRef) else item

    if isinstance(value, ListRef):
        items = path.items(value.oid)
        rest = other(items.rest) if items.rest is not None else None
        path.heap[value.oid] = Items(tuple(map(other, items.known)), rest, items.shape)
    elif isinstance(value, DictRef):
        entries = path.entries(value.oid)
        rest = other(entries.rest) if entries.rest is not None else None
        path.heap[value.oid] = Entries(tuple((key, other(item)) for key, item in entries.known), rest)


def _rebinds(machine: Machine, path: Path, function: FunctionValue) -> Iterator[tuple[Hashable, str]]:
    """The variables around a function within a function that it binds anew, each as the state knows it."""
    if function.env is None:
        return
    for each in walk.instructions(function.code.body, machine.body):
        if isinstance(each, ir.Scope) and each.kind == "nonlocal":
            for name in each.names:
                env = names.bound_around(path, function.env, name)
                if env is not None:
                    yield env, name


def is_own_object(obj: Instance) -> bool:
    """An object of the program's own that is no module: of those nobody exchanges the parameters."""
    return isinstance(obj.cls, ClassValue) and not modules.is_module(classes.class_of(obj))
