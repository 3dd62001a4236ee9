"""Generators that are stepped by ``next`` and ``send``, one ``yield`` at a time.

What such a one does behind a ``yield`` comes after what its consumer does, and may hang on what that sends (``x = yield h``). At a ``yield`` its frame is set aside (``domain.state.Waiting``), and
the next step goes on from there: the rest of the body, or of the round and then the further rounds of its ``while``.
One that waits inside a ``for``, a ``with`` or a ``try`` is not stepped: ``next`` runs it ahead; what it makes of what it is
sent is unknown.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import TYPE_CHECKING

from gradsafe.domain.state import Items, Path, Pending, Running, Status, Waiting
from gradsafe.domain.values import NONE, Lazy, ListRef, Unknown, Value
from gradsafe.interp import contexts, generators, walk
from gradsafe.interp.machine import Machine, Outcomes
from gradsafe.ir import instructions as ir
from gradsafe.ir.body import Block, LazyBody

if TYPE_CHECKING:
    from gradsafe.interp.calls import Call


def is_sent_to(machine: Machine, path: Path, value: Value) -> bool:
    """Is this a generator that keeps what ``send`` gives it?"""
    held = path.heap.get(value.oid) if isinstance(value, Lazy) else None
    if not isinstance(held, Pending):
        return isinstance(held, Waiting)
    found = list(walk.instructions(held.function.code.body, machine.body))
    return any(
        isinstance(one, ir.Yield) and isinstance(following, ir.Store) and following.src == one.dst
        for one, following in itertools.pairwise(found)
    )


def call_method(machine: Machine, path: Path, generator: Lazy, name: str, call: Call) -> Outcomes | None:
    """``generator.send(value)`` and ``close()``; None where it is not known how it goes on."""
    held = path.heap.get(generator.oid)
    if name == "close" and isinstance(held, Waiting):
        path.heap[generator.oid] = Items((), None, "generator")
        return [(path, NONE)]
    if name != "send" or not call.args:
        return None
    return step(machine, path, generator, call.args[0])


def step(machine: Machine, path: Path, generator: Lazy, sent: Value) -> Outcomes | None:
    """To the next ``yield``, whose value is the result; past the end StopIteration. None where it cannot be stepped."""
    held = path.heap.get(generator.oid)
    if not isinstance(held, (Pending, Waiting)) or not _can_wait(machine, held.function.code.body):
        return None
    function = held.function

    def take(each: Path, item: Value) -> list[Path]:
        inside = each.frame.suspended[-1].copy()
        running, inside.generator = inside.generator, None
        assert running is not None and running.at is not None
        each.heap[generator.oid] = Waiting(function, inside, running.at)
        each.vars[generator.oid, "#yielded"] = item
        each.status, each.raised = Status.RAISED, generators.ENOUGH
        return [each]

    if isinstance(held, Pending):
        paths = generators.drive(machine, path, generator, take)
    else:
        paths = _go_on(machine, path, generator, held, sent, take)
    return [_stepped(each, generator) for each in paths]


def what_is_left(machine: Machine, path: Path, generator: Lazy) -> Outcomes:
    """The elements that a generator still gives, as a list: it is stepped to its end, or as far as one runs ahead."""
    found: Outcomes = []
    running: list[tuple[Path, tuple[Value, ...]]] = [(path, ())]
    for _ in range(generators.AHEAD):
        following: list[tuple[Path, tuple[Value, ...]]] = []
        for each, items in running:
            stepped = step(machine, each, generator, NONE)
            if (
                stepped is None
            ):  # it was closed meanwhile, or cannot be stepped: a path that is lost would make others certain
                found.append((each, Unknown(("stepped", generator.oid, each.new_id()))))
                continue
            for after, item in stepped:
                if after.status is Status.RUN:
                    following.append((after, (*items, item)))
                    continue
                if after.raised == "StopIteration":
                    after.status, after.raised = Status.RUN, None
                after.heap[generator.oid] = Items(items, None, "generator")
                found.append((after, ListRef(generator.oid)))
        running = following
    for each, items in running:
        each.heap[generator.oid] = Items(items, items[-1], "generator")
        found.append((each, ListRef(generator.oid)))
    return found


def _stepped(path: Path, generator: Lazy) -> tuple[Path, Value]:
    if path.status is Status.RAISED and path.raised == generators.ENOUGH:
        path.status, path.raised = Status.RUN, None
        return path, path.vars.get((generator.oid, "#yielded")) or NONE
    if path.status is Status.RUN:
        path.status, path.raised = Status.RAISED, "StopIteration"
    return path, NONE


def _go_on(
    machine: Machine, path: Path, generator: Lazy, held: Waiting, sent: Value,
    take: Callable[[Path, Value], list[Path]],
) -> list[Path]:  # fmt: skip
    mode = held.function.grad_mode
    frame = held.frame.copy()
    frame.generator = Running(take, path.frame, outer_mode=path.grad_mode if mode else None)
    frame.regs[held.at.dst] = sent
    frame.chunk = held.function.chunk
    path.heap[generator.oid] = Items((), None, "generator")
    path.frame = frame
    if mode:
        contexts.enter_mode(path, mode)
    return [generators.leave(each) for each in _after(machine, path, held.function.code.body, held.at)]


def _after(machine: Machine, path: Path, body: LazyBody, at: ir.Yield) -> list[Path]:
    """Run what comes after ``at`` in ``body``."""
    blocks = machine.body(body)
    for number, block in enumerate(blocks):
        for index, instruction in enumerate(block.instructions):
            if instruction is not at and not _holds(machine, instruction, at):
                continue
            rest = (Block(block.chunk, block.instructions[index + 1 :]), *blocks[number + 1 :])
            outer, path.frame.chunk = path.frame.chunk, block.chunk or path.frame.chunk
            paths = [path] if instruction is at else _out_of(machine, path, instruction, at)
            for each in paths:
                each.frame.chunk = outer
            return [after for each in paths for after in _run(machine, each, rest)]
    return [path]


def _out_of(machine: Machine, path: Path, instruction: ir.Instruction, at: ir.Yield) -> list[Path]:
    """Run what comes after ``at`` in the compound statement that holds it, further rounds included."""
    if isinstance(instruction, ir.If):
        inside = any(_holds(machine, each, at) or each is at for each in _direct(machine, instruction.yes))
        return _after(machine, path, instruction.yes if inside else instruction.no, at)
    assert isinstance(instruction, ir.While)
    paths: list[Path] = []
    for each in _after(machine, path, instruction.body, at):
        if each.status in (Status.RUN, Status.CONTINUE):
            each.status = Status.RUN
            paths.extend(machine.run(each, (Block(None, (instruction,)),)))
            continue
        if each.status is Status.BREAK:
            each.status = Status.RUN
        paths.append(each)
    return paths


def _run(machine: Machine, path: Path, body: LazyBody) -> list[Path]:
    return machine.run(path, body) if path.status is Status.RUN else [path]


def _direct(machine: Machine, body: LazyBody) -> list[ir.Instruction]:
    return [instruction for block in machine.body(body) for instruction in block.instructions]


def _holds(machine: Machine, instruction: ir.Instruction, at: ir.Yield) -> bool:
    inner = (each for body in walk.bodies(instruction) for each in walk.instructions(body, machine.body))
    return any(each is at for each in inner)


def _can_wait(machine: Machine, body: LazyBody) -> bool:
    """Does every ``yield`` stand where :func:`_after` finds its way back: in the body, an ``if`` or a ``while``?"""
    for instruction in _direct(machine, body):
        if isinstance(instruction, ir.If):
            inner: tuple[LazyBody, ...] = (instruction.yes, instruction.no)
        elif isinstance(instruction, ir.While):
            inner = (instruction.body,)
        elif isinstance(instruction, ir.Yield) and not instruction.is_from:
            continue
        else:
            found = (
                each for held in walk.bodies(instruction) for each in walk.instructions(held, machine.body)
            )
            if any(isinstance(each, ir.Yield) for each in (instruction, *found)):
                return False
            continue
        if not all(_can_wait(machine, each) for each in inner):
            return False
    return True
