"""What stands behind a word of a program whenever a path comes to it: for explanations, never for rules.

A root is run once more with a :class:`Watch` on a few instructions of one chunk. Nobody else pays for it: a machine without a
watch runs the same functions as ever. All that is noted is what the path's books say at that moment, and its log.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Protocol

from gradsafe.domain.state import LogEntry, Path
from gradsafe.domain.tensors import GradMode, Node, Shape, Tensor, Tri
from gradsafe.domain.values import Const, Instance, ListRef, TensorRef, TupleValue, Unknown, Value
from gradsafe.interp import autograd, names, torch_ops
from gradsafe.interp.aim import Aim
from gradsafe.ir import instructions as ir
from gradsafe.ir.instructions import Instruction
from gradsafe.syntax.span import ChunkId, Span
from gradsafe_tracer.events import Alias, Create, Event, Free, Save, Write

if TYPE_CHECKING:
    from gradsafe.interp.machine import Executor, Machine

MOST = 256
"""Sights of one word that are kept; where there are more, what is told is not of every way."""


@dataclass(frozen=True, slots=True)
class Holder:
    """Another name for the memory. ``lineage``: how its tensor was made of the one that is looked at (or the reverse: ``is_above``);
    empty where it is the same object, None where neither was made of the other."""

    name: str
    lineage: tuple[str, ...] | None
    is_above: bool
    same_counter: bool


@dataclass(frozen=True, slots=True)
class Keeper:
    """A saved tensor on the same counter that no backward has freed. ``certain``: not YES where it is saved only if something
    requires grad of which that is not known."""

    event: Save
    certain: Tri


@dataclass(frozen=True, slots=True)
class Books:
    """What the path's books say of one tensor."""

    tensor: int
    counter: int
    version: int
    requires_grad: Tri
    leaf: Tri
    shape: Shape
    dtype: str | None
    unasked: bool
    """A view whose base got a graph since: torch takes it for a leaf until something asks for its ``grad_fn``."""
    known: bool
    inference: bool
    made: Create | Alias | None
    node: str | None
    holders: tuple[Holder, ...]
    keepers: tuple[Keeper, ...]


@dataclass(frozen=True, slots=True)
class Sight:
    """One time that a path came to a watched instruction. ``books`` None: what it found is no tensor that is known of.

    ``events``: the writes and saves that the instruction itself made (what a function of the program did inside is not its own).
    """

    instruction: Instruction
    is_operation: bool
    books: Books | None
    events: tuple[Event, ...]
    grad_mode: GradMode
    stack: tuple[Span, ...]
    conditions: tuple[str, ...]
    blurred: bool
    shadow: bool
    log: LogEntry | None
    rounds: int = 1


class Watcher(Protocol):
    """Looks on while a root is run once more, and changes nothing of it."""

    def begin(self) -> None:
        """Forget all: the root is run from its start."""

    def executors(self, table: dict[type, Executor]) -> dict[type, Executor]:
        """``table`` with what is to be watched watched."""

    def finish(self, paths: Iterable[Path]) -> tuple[Sight, ...]:
        """What was seen, once the paths have come to their ends."""


class Watch:
    """Collects sights of the instructions that an aim names, in one chunk."""

    def __init__(self, chunk: ChunkId, aim: Aim) -> None:
        self.chunk, self.aim = chunk, aim
        self._sights: list[Sight] = []
        self._later: list[tuple[Hashable, int, Path]] = []

    def begin(self) -> None:
        """Forget all: the root is run from its start."""
        self._sights.clear()
        self._later.clear()

    def executors(self, table: dict[type, Executor]) -> dict[type, Executor]:
        """``table`` with the watched kinds of instructions watched."""
        kinds = {type(each) for each in (*self.aim.names, *self.aim.operations)}
        return {kind: self._watched(run) if kind in kinds else run for kind, run in table.items()}

    def _watched(self, run: Executor) -> Executor:
        names_, operations = self.aim.names, self.aim.operations

        def execute(machine: Machine, path: Path, instruction: Instruction) -> list[Path] | None:
            mine = path.frame.chunk == self.chunk and (instruction in names_ or instruction in operations)
            before = path.log
            forks = run(machine, path, instruction)
            if mine and len(self._sights) < MOST:
                for each in (path,) if forks is None else forks:
                    self._note(each, instruction, before)
            return forks

        return execute

    def _note(self, path: Path, instruction: Instruction, before: LogEntry | None) -> None:
        frame = path.frame
        is_operation = instruction in self.aim.operations
        register = _register(instruction)
        held = frame.regs.get(register) if register is not None else None
        value = torch_ops.resolve(path, held) if held is not None else None
        events = tuple(_own_events(path, instruction, before)) if is_operation else ()
        written = next((each.tensor for each in events if isinstance(each, Write)), None)
        oid = written if written is not None else value.oid if isinstance(value, TensorRef) else None
        sight = Sight(
            instruction, is_operation, _books(path, oid) if oid is not None else None, events, path.grad_mode,
            frame.stack, path.trail, path.blurred, path.shadow_from is not None, path.log,
        )  # fmt: skip
        if oid is None and isinstance(value, Unknown) and not is_operation:
            self._later.append((value.token, len(self._sights), path.fork()))
        self._sights.append(sight)

    def finish(self, paths: Iterable[Path]) -> tuple[Sight, ...]:
        """The sights, each instruction's last round only. An argument that turned out to be a tensor has been one all along."""
        ends = list(paths)
        for token, index, path in self._later:
            if any((("tensor", token), "#ref") in end.vars for end in ends):
                sight = self._sights[index]
                ref = torch_ops.materialise(path, Unknown(token), path.here(sight.instruction.at))
                if isinstance(ref, TensorRef):
                    self._sights[index] = replace(sight, books=_books(path, ref.oid))
        found: list[Sight] = []
        cut = len(self._sights) >= MOST
        for sight in (replace(each, blurred=True) if cut else each for each in self._sights):
            earlier = next((each for each in found if _is_earlier_round(each, sight)), None)
            if earlier is not None:
                found.remove(earlier)
                sight = replace(sight, rounds=earlier.rounds + 1)
            found.append(sight)
        return tuple(found)


def _is_earlier_round(one: Sight, other: Sight) -> bool:
    """Whether the path of ``other`` had been at ``one`` before: the log of that time is a part of its own."""
    if (one.instruction, one.stack, one.is_operation) != (other.instruction, other.stack, other.is_operation):
        return False
    if other.conditions[: len(one.conditions)] != one.conditions:
        return False
    entry, length = other.log, one.log.length if one.log is not None else 0
    while entry is not None and entry.length > length:
        entry = entry.before
    return entry is one.log


def _register(instruction: Instruction) -> int | None:
    """Where the instruction leaves, or takes, the value that it is about."""
    if isinstance(instruction, ir.SetItem):
        return None  # what is written into is known by the write
    register = getattr(instruction, "dst", None)
    return register if register is not None else getattr(instruction, "src", None)


def _own_events(path: Path, instruction: Instruction, before: LogEntry | None) -> Iterator[Event]:
    """The writes and saves since ``before`` that stand at the instruction itself, oldest first."""
    frame = path.frame
    here = Span(frame.chunk, *instruction.at)
    own: list[Event] = []
    entry = path.log
    while entry is not None and entry is not before:
        event = entry.event
        if isinstance(event, (Write, Save)) and event.place == here and event.stack == frame.stack:
            own.append(event)
        entry = entry.before
    return reversed(own)


def _books(path: Path, oid: int) -> Books:
    tensor = path.tensor(oid)
    events = list(path.events())
    made = {each.tensor: each for each in events if isinstance(each, (Create, Alias))}
    node = path.heap.get(tensor.node) if tensor.node is not None else None
    stale = tensor.base is not None and path.version(tensor.counter) != tensor.base_version
    unasked = stale and node is None and autograd.requires_grad(path, oid) is Tri.YES
    return Books(
        tensor=oid,
        counter=tensor.counter,
        version=path.version(tensor.counter),
        requires_grad=autograd.requires_grad(path, oid),
        leaf=tensor.leaf,
        shape=tensor.shape,
        dtype=tensor.dtype,
        unasked=unasked,
        known=tensor.known,
        inference=tensor.inference,
        made=made.get(oid),
        node=node.operation if isinstance(node, Node) else None,
        holders=tuple(_holders(path, oid, made)),
        keepers=tuple(_keepers(path, tensor, events)),
    )


def _keepers(path: Path, tensor: Tensor, events: Iterable[Event]) -> Iterator[Keeper]:
    saves: list[Save] = []
    freed: set[int] = set()
    for event in events:
        if isinstance(event, Save) and event.counter == tensor.counter:
            saves.append(event)
        elif isinstance(event, Free):
            freed.add(event.node)
    for save in saves:
        node = path.heap.get(save.node)
        if save.node in freed:
            continue
        kept = (
            next((each for each in node.saves if each.save == save.save), None)
            if isinstance(node, Node)
            else None
        )
        certain = kept.certain & node.certain if kept is not None and isinstance(node, Node) else Tri.MAYBE
        yield Keeper(save, certain)


def _holders(path: Path, oid: int, made: dict[int, Create | Alias]) -> Iterator[Holder]:
    """The names in sight whose tensors lie in the same memory, in alphabetical order, one for each name."""
    tensor = path.tensor(oid)
    for name, other in sorted(_names_in_sight(path)):
        held = path.tensor(other)
        if held.storage != tensor.storage:
            continue
        below, above = _lineage(other, oid, made), _lineage(oid, other, made)
        lineage = below if below is not None else above
        yield Holder(name, lineage, below is None and above is not None, held.counter == tensor.counter)


def _lineage(oid: int, of: int, made: dict[int, Create | Alias]) -> tuple[str, ...] | None:
    """By which operations ``oid`` was made an alias of ``of``."""
    steps: list[str] = []
    while oid != of:
        alias = made.get(oid)
        if not isinstance(alias, Alias):
            return None
        steps.append(alias.how)
        oid = alias.base
    return tuple(reversed(steps))


def _names_in_sight(path: Path) -> set[tuple[str, int]]:
    """Variables of the frame, of the functions and the module around it, attributes of their objects, elements of their lists."""
    owners = _owners(path)
    attributes: dict[Hashable, list[tuple[str, Value]]] = {}
    for (owner, name), value in path.vars.flat().items():
        if name.isidentifier():
            attributes.setdefault(owner, []).append((name, value))
    found: set[tuple[str, int]] = set()
    seen: set[str] = set()
    for owner in owners:
        for name, value in attributes.get(owner, ()):
            if name in seen:
                continue  # hidden by one further in
            seen.add(name)
            inner = attributes.get(value.oid, ()) if isinstance(value, Instance) else ()
            for text, each in ((name, value), *((f"{name}.{attribute}", held) for attribute, held in inner)):
                found.update((shown, oid) for shown, oid in _tensors(path, text, each))
    return found


def _owners(path: Path) -> list[Hashable]:
    """The environments whose names the frame sees, innermost first."""
    frame = path.frame
    owners: list[Hashable] = [env for env, _ in frame.comprehensions[-1:]] or [frame.env]
    while isinstance(parent := path.vars.get((owners[-1], "#parent")), Const) and parent.value not in owners:
        owners.append(parent.value)
    module = names.module_env(frame.file)
    return owners if module in owners else [*owners, module]


def _tensors(path: Path, name: str, value: Value) -> Iterator[tuple[str, int]]:
    value = torch_ops.resolve(path, value)
    if isinstance(value, TensorRef):
        yield name, value.oid
        return
    items: tuple[Value, ...] = ()
    if isinstance(value, TupleValue):
        items = value.items
    elif isinstance(value, ListRef):
        items = path.items(value.oid).known
    for index, item in enumerate(items):
        if isinstance(item, TensorRef):
            yield f"{name}[{index}]", item.oid
