"""After a branch: paths whose differences cannot matter to autograd go on as one.

Every path that goes on costs what the rest of the program costs, so two that differ only in numbers that were
counted up, in what was logged, or in which device was chosen are joined: what differs is unknown afterwards. Whatever
holds a tensor, a flag (``None``, a bool, a string) or a version stays apart.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from dataclasses import dataclass, field
from typing import TypeAlias

from gradsafe.domain.layered import LayeredMap
from gradsafe.domain.state import Entries, Items, LogEntry, Path, Status, is_made_since
from gradsafe.domain.tensors import Storage, Tensor
from gradsafe.domain.values import (
    NONE,
    Const,
    External,
    FunctionValue,
    Imported,
    ModuleValue,
    TensorRef,
    TupleValue,
    Unknown,
    Value,
)
from gradsafe.interp import torch_ops
from gradsafe.interp.machine import Outcomes
from gradsafe_tracer.events import BackwardStart, Event, Raise, WrongGradient

Variable: TypeAlias = "tuple[Hashable, str]"


@dataclass(frozen=True, slots=True)
class Mark:
    """The state before a branch, to tell afterwards what the branch changed."""

    vars: LayeredMap[Variable, Value]
    heap: LayeredMap[int, object]
    decisions: LayeredMap[Hashable, bool]
    trail: tuple[str, ...]
    next_id: int
    log: LogEntry | None


def mark(path: Path) -> Mark:
    """Remember ``path`` as it is now (constant time)."""
    return Mark(path.vars.fork(), path.heap.fork(), path.decisions.fork(), path.trail, path.next_id, path.log)


@dataclass(slots=True)
class _Effect:
    """What a branch changed: ``hard`` keeps paths apart, ``variables`` and ``objects`` can be forgotten."""

    hard: Hashable
    variables: dict[Variable, Value] = field(default_factory=dict)
    objects: dict[int, Items | Entries] = field(default_factory=dict)


def join(before: Mark, paths: list[Path], register: int | None = None) -> list[Path]:
    """Of the running paths that changed nothing that matters since ``before``, or changed it alike, keep one.

    Objects made since then that nothing older refers to are garbage and do not count. ``register`` is the one
    that the branch was run for, if any (``a if c else b``): sides that give different values stay apart.
    """
    if len(paths) < 2 or sum(path.status is Status.RUN for path in paths) < 2:
        return paths
    groups = _Groups(before)
    for path in paths:
        groups.add(path, path.frame.regs.get(register) if register is not None else None, register)
    return [path for path, _ in groups.chosen()]


def join_returned(before: Mark, outcomes: Outcomes) -> Outcomes:
    """The same for the ways through a call: its own variables are gone, what it returned counts."""
    if len(outcomes) < 2:
        return outcomes
    groups = _Groups(before)
    for path, value in outcomes:
        groups.add(path, value)
    return [(path, NONE if value is None else value) for path, value in groups.chosen()]


class _Groups:
    """Paths by what they changed; each group goes on as the first of those that ran backward most often: what that read is evidence."""

    def __init__(self, before: Mark) -> None:
        self.before = before
        self.kept: dict[Hashable, list[tuple[Path, Value | None, _Effect]]] = {}
        self.register: int | None = None

    def add(self, path: Path, value: Value | None, register: int | None = None) -> None:
        self.register = register
        effect = _effect(path, self.before) if path.status is Status.RUN else None
        if effect is None or not (value is None or isinstance(value, (Const, Unknown))):
            self.kept["alone", id(path)] = [(path, value, _Effect(None))]
            return
        told = value
        if isinstance(value, Unknown) and _has_no_graph(path, value):
            told = ANYTHING
        if value is not None and is_device(value):
            told = ANY_DEVICE
        number = 0
        while _disagree(effect, group := self.kept.setdefault((effect.hard, told, number), [])):
            number += 1
        group.append((path, value, effect))

    def chosen(self) -> list[tuple[Path, Value | None]]:
        """One of each group, with what its others have otherwise forgotten."""
        result: list[tuple[Path, Value | None]] = []
        for group in self.kept.values():
            path, value, _ = group[0] if len(group) == 1 else max(group, key=self._backwards)
            if len(group) > 1:
                path.decisions, path.trail = self.before.decisions.fork(), self.before.trail
                path.blurred = any(other.blurred for other, _, _ in group)
                _forget(path, self.before, [effect for _, _, effect in group])
                if any(other != value for _, other, _ in group):
                    value = (
                        ANY_DEVICE
                        if value is not None and is_device(value)
                        else Unknown(("joined", path.new_id()))
                    )
                if self.register is not None and value is not None:
                    path.frame.regs[self.register] = value
            result.append((path, value))
        return result

    def _backwards(self, member: tuple[Path, Value | None, _Effect]) -> int:
        return sum(isinstance(event, BackwardStart) for event in _since(member[0], self.before))


def _effect(path: Path, before: Mark) -> _Effect | None:
    """What the path changed; None where it stays apart from every other."""
    effect = _Effect(None)
    hard: list[tuple[Hashable, Hashable]] = []
    for key, value in path.vars.written_since(before.vars).items():
        if isinstance(key[0], int) and is_made_since(key[0], before.next_id):
            continue
        old = before.vars.get(key)
        if old is value or old == value or _is_first_use(path, key, value, before):
            continue
        if value is not None and _can_be_forgotten(path, old, value):
            effect.variables[key] = value
        elif value is None or isinstance(value, (Const, Unknown)):
            hard.append((key, value))
        else:
            return None
    for oid, thing in path.heap.written_since(before.heap).items():
        if is_made_since(oid, before.next_id):
            continue
        old_thing = before.heap.get(oid)
        if old_thing is thing or old_thing == thing:
            continue
        if not isinstance(thing, (Items, Entries)) or not _is_plain(path, old_thing, thing):
            return None
        effect.objects[oid] = thing
    effect.hard = (path.grad_mode, frozenset(hard), path.shadow_from is None, _told(path, before))
    return effect


def _disagree(effect: _Effect, group: list[tuple[Path, Value | None, _Effect]]) -> bool:
    """Whether a name that a branch imported is bound to another thing in one of the group."""
    return any(
        theirs != ours and isinstance(theirs, _IMPORTS) | isinstance(ours, _IMPORTS)
        for _, _, other in group
        for key, ours in effect.variables.items()
        if (theirs := other.variables.get(key)) is not None
    )


def _told(path: Path, before: Mark) -> tuple[Event, ...]:
    """The failures that the branch has logged: they must not be lost with its path."""
    if path.log is before.log:
        return ()
    return tuple(event for event in _since(path, before) if isinstance(event, (Raise, WrongGradient)))


def _since(path: Path, before: Mark) -> Iterator[Event]:
    """What the path has logged since, the last first."""
    entry = path.log
    while entry is not None and entry is not before.log:
        yield entry.event
        entry = entry.before


def _is_first_use(path: Path, key: Variable, value: Value | None, before: Mark) -> bool:
    """An unknown value was used as a tensor for the first time, or a leaf got its AccumulateGrad: nothing has changed."""
    owner, name = key
    if name == "#accumulate":
        return before.vars.get(key) is None
    if not (isinstance(owner, tuple) and owner[:1] in (("tensor",), ("inputs",)) and name.startswith("#")):
        return False
    if not isinstance(value, TensorRef):
        return True
    tensor = path.heap.get(value.oid)
    return (
        isinstance(tensor, Tensor)
        and is_made_since(value.oid, before.next_id)
        and not tensor.known
        and path.version(tensor.counter) == 0
        and path.heap.get(tensor.storage) == Storage()
    )


_IMPORTS = (External, Imported, ModuleValue)


def _can_be_forgotten(path: Path, old: Value | None, value: Value) -> bool:
    """A number that is counted up, a device, a value of which nothing is known anyway; what is imported where it is installed
    (where it is not, nobody can use the name).
    """
    if isinstance(value, _IMPORTS):
        return old is None
    if is_device(value):
        return old is None or is_device(old)
    if isinstance(value, Unknown):
        return _has_no_graph(path, value) and not isinstance(old, TensorRef)
    counted = old is not None and (_is_number(old) or isinstance(old, Unknown))
    return counted and _is_number(value)


def _has_no_graph(path: Path, value: Unknown) -> bool:
    return isinstance(torch_ops.resolve(path, value), Unknown) and not torch_ops.graph_inputs(path, value)


def _is_number(value: Value) -> bool:
    return isinstance(value, Const) and value.kind in (int, float)


def is_device(value: Value) -> bool:
    """``"cuda:0"``, ``"cpu"``, ``torch.device(...)``: where tensors lie decides nothing that is counted here."""
    if isinstance(value, Const) and isinstance(value.value, str):
        return value.value.partition(":")[0] in _DEVICES
    return isinstance(value, Unknown) and isinstance(value.token, tuple) and value.token[:1] == ("device",)


_DEVICES = frozenset({"cpu", "cuda", "mps", "xpu", "hpu", "xla", "npu", "meta"})
ANY_DEVICE = Unknown(("device",))
ANYTHING = Unknown(("anything",))


def _is_plain(path: Path, old: object, new: Items | Entries) -> bool:
    """Does a container differ only in elements without tensors?"""
    if isinstance(new, Items) and isinstance(old, Items):
        more = new.known[len(old.known) :] if new.known[: len(old.known)] == old.known else new.known
        return all(_is_plain_value(path, item) for item in more) and new.rest == old.rest
    if isinstance(new, Entries) and isinstance(old, Entries):
        return (
            all(_is_plain_value(path, item) for _, item in (*new.known, *old.known)) and new.rest == old.rest
        )
    return False


def _is_plain_value(path: Path, value: Value) -> bool:
    if isinstance(value, Unknown):
        return _has_no_graph(path, value)
    if isinstance(value, TupleValue):
        return all(_is_plain_value(path, item) for item in value.items)
    return isinstance(value, (Const, External, FunctionValue))


def _forget(path: Path, before: Mark, effects: list[_Effect]) -> None:
    """Give the path the variables and containers of all of ``effects``: unknown where they differ."""
    for key in {key: None for effect in effects for key in effect.variables}:
        values = {effect.variables.get(key) or before.vars.get(key) for effect in effects}
        imported = next((each for each in values if isinstance(each, _IMPORTS)), None)
        if imported is not None:
            path.vars[key] = imported
        elif len(values) > 1:
            devices = all(value is None or is_device(value) for value in values)
            path.vars[key] = ANY_DEVICE if devices else Unknown(("joined", path.new_id()))
    for oid in {oid: None for effect in effects for oid in effect.objects}:
        versions = [effect.objects.get(oid) or before.heap.get(oid) for effect in effects]
        if all(isinstance(each, Items) for each in versions):
            path.heap[oid] = _items_of_all([each for each in versions if isinstance(each, Items)], path)
        else:
            path.heap[oid] = _entries_of_all([each for each in versions if isinstance(each, Entries)], path)


def _items_of_all(versions: list[Items], path: Path) -> Items:
    first = versions[0]
    if all(each == first for each in versions):
        return first
    shared = 0
    while all(shared < len(each.known) and each.known[shared] == first.known[shared] for each in versions):
        shared += 1
    rest = first.rest if first.rest is not None else Unknown(("joined", path.new_id()))
    return Items(first.known[:shared], rest, first.shape)


def _entries_of_all(versions: list[Entries], path: Path) -> Entries:
    first = versions[0]
    if all(each == first for each in versions):
        return first
    others = [dict(each.known) for each in versions[1:]]
    known = tuple((key, value) for key, value in first.known if all(o.get(key) == value for o in others))
    return Entries(known, first.rest if first.rest is not None else Unknown(("joined", path.new_id())))
