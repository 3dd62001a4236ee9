"""Generators and ``@contextmanager``: run in step with whoever takes what they yield.

A ``for`` over a generator runs the generator's body, and at each ``yield`` the body of the loop, in the loop's own
frame: so effects come in Python's order, and a grad mode that the generator is suspended in holds in the loop
(AUTOGRAD.md section 9.38). Where the elements are wanted all at once, or one by one with ``next``, it is run ahead.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from gradsafe.domain.state import Frame, Items, Left, Path, Pending, Running, Status, Waiting
from gradsafe.domain.tensors import GradMode
from gradsafe.domain.values import (
    NONE,
    Const,
    FunctionValue,
    Lazy,
    ListRef,
    Source,
    TupleValue,
    Unknown,
    Value,
)
from gradsafe.interp import calls, walk
from gradsafe.interp.execute import executes
from gradsafe.interp.machine import Machine, Outcomes, span
from gradsafe.ir import instructions as ir
from gradsafe.syntax.span import ChunkId

AHEAD = 16
"""Elements that are taken from a generator which is run ahead of its consumer: it may never end."""

_CLOSED = "GeneratorExit"
ENOUGH = "#enough"
"""What a consumer raises in itself that has taken all that it wants: the generator is closed."""


def pending(path: Path, lazy: Lazy) -> Pending | None:
    """The call that has not been started yet."""
    held = path.heap.get(lazy.oid)
    return held if isinstance(held, Pending) else None


def drive(machine: Machine, path: Path, lazy: Lazy, take: Callable[[Path, Value], list[Path]]) -> list[Path]:
    """Run a generator from its start; ``take`` runs the consumer's body. The paths, back in the consumer's frame.

    Those that are still running have seen the generator end; the others left the body with their status.
    """
    call = pending(path, lazy)
    assert call is not None
    path.heap[lazy.oid] = Items((), None, "generator")
    function, consumer = call.function, path.frame
    outer_mode = path.grad_mode if function.grad_mode else None
    running = Running(take, consumer, function.is_context, outer_mode)

    def enter(frame: Frame) -> None:
        frame.generator = running

    results: list[Path] = []
    for each in calls.enter(machine, path, function, call.args, call.kwargs, call.source, enter):
        results.append(each if each.frame is consumer else leave(each))
    return results


def call_within(
    machine: Machine, path: Path, manager: Lazy, function: FunctionValue, args: tuple[Value, ...],
    kwargs: Mapping[str, Value], source: Source,
) -> Outcomes:  # fmt: skip
    """Call a function that a context manager decorates: inside a new one like ``manager``."""
    template = pending(path, manager)
    if template is None:
        return calls.call_function(machine, path, function, args, kwargs, source)
    lazy = Lazy(path.new_id())
    path.heap[lazy.oid] = template

    def take(each: Path, item: Value) -> list[Path]:
        outcomes = calls.call_function(machine, each, function, args, kwargs, source)
        for after, value in outcomes:
            after.vars[lazy.oid, "#result"] = value
        return [after for after, _ in outcomes]

    driven = drive(machine, path, lazy, take)
    return [(each, each.vars.get((lazy.oid, "#result")) or NONE) for each in driven]


def leave(path: Path) -> Path:
    """From the frame of a generator that ended back to its consumer's."""
    running = path.frame.generator
    assert running is not None and running.consumer is not None
    left, path.frame = running.left, running.consumer
    if running.outer_mode is not None:
        path.grad_mode = running.outer_mode
    thrown = left is not None and left.status is Status.RAISED
    if left is not None and not (thrown and running.is_context):
        path.status, path.returned, path.raised = left.status, left.returned, left.raised
    elif path.status is Status.RETURN:
        path.status, path.returned = Status.RUN, None
    return path


def yield_to(path: Path, running: Running, value: Value, at: ir.Yield) -> list[Path]:
    """At a ``yield``: the consumer's body runs, then the generator goes on, or is closed."""
    generator, consumer = path.frame, running.consumer
    assert consumer is not None
    inner_mode = path.grad_mode
    generator.generator = replace(running, consumer=None, at=at)
    consumer.suspended = (*consumer.suspended, generator)
    path.frame = consumer
    if running.outer_mode is not None:
        path.grad_mode = running.outer_mode
    results: list[Path] = []
    for each in running.take(path, value):
        consumer = each.frame
        generator, consumer.suspended = consumer.suspended[-1], consumer.suspended[:-1]
        outer_mode = each.grad_mode if running.outer_mode is not None else None
        left: Left | None = None
        if each.status is not Status.RUN and (running.is_context or each.status is not Status.CONTINUE):
            left = Left(each.status, each.returned, each.raised)
        generator.generator = replace(running, consumer=consumer, outer_mode=outer_mode, left=left)
        generator.regs[at.dst] = NONE
        each.frame = generator
        if outer_mode is not None:
            each.grad_mode = inner_mode
        _resume(each, running.is_context, left)
        results.append(each)
    return results


def _resume(path: Path, is_context: bool, left: Left | None) -> None:
    if left is None or (is_context and left.status is not Status.RAISED):
        path.status, path.returned = Status.RUN, None
    elif not is_context:
        path.status, path.returned, path.raised = Status.RAISED, None, _CLOSED
    # else: the exception of the body is raised at the yield


def force(machine: Machine, path: Path, value: Value) -> Outcomes:
    """A generator's elements as a list, the generator run ahead; any other value as it is."""
    if not isinstance(value, Lazy):
        return [(path, value)]
    if isinstance(path.heap.get(value.oid), Waiting):
        from gradsafe.interp import coroutines

        return coroutines.what_is_left(machine, path, value)
    if pending(path, value) is None:
        return [(path, ListRef(value.oid))]
    mode = path.grad_mode
    path.vars[value.oid, "#taken"] = TupleValue(())

    def take(each: Path, item: Value) -> list[Path]:
        taken = each.vars.get((value.oid, "#taken"))
        items = taken.items if isinstance(taken, TupleValue) else ()
        pair = TupleValue((item, Const(each.grad_mode.value, str)))
        each.vars[value.oid, "#taken"] = TupleValue((*items, pair))
        if len(items) + 1 >= AHEAD or machine.spent():
            each.status, each.raised = Status.RAISED, ENOUGH
        return [each]

    outcomes: Outcomes = []
    for each in drive(machine, path, value, take):
        taken = each.vars.get((value.oid, "#taken"))
        pairs = (
            [pair for pair in taken.items if isinstance(pair, TupleValue)]
            if isinstance(taken, TupleValue)
            else []
        )
        known = tuple(pair.items[0] for pair in pairs)
        enough = each.raised == ENOUGH
        if enough:
            each.status, each.raised = Status.RUN, None
        each.grad_mode = mode
        each.heap[value.oid] = Items(known, known[-1] if enough and known else None, "generator")
        each.vars[value.oid, "#modes"] = TupleValue(tuple(pair.items[1] for pair in pairs))
        outcomes.append((each, ListRef(value.oid)))
    return outcomes


def step_mode(path: Path, oid: int) -> None:
    """``next`` of a generator that was run ahead: it waits at its yield, in the grad mode that it set there."""
    modes = path.vars.get((oid, "#modes"))
    if isinstance(modes, TupleValue) and modes.items:
        first = modes.items[0]
        path.vars[oid, "#modes"] = TupleValue(modes.items[1:])
        if isinstance(first, Const) and isinstance(first.value, str):
            path.grad_mode = GradMode(first.value)


def is_generator(machine: Machine, code: ir.Function) -> bool:
    """Does the body of a function yield?"""
    known = machine.yields.get(id(code))
    if known is None:
        found = (not isinstance(code.body, ChunkId) or machine.world.yields(code.body)) and any(
            isinstance(each, ir.Yield) for each in walk.instructions(code.body, machine.body)
        )
        known = machine.yields[id(code)] = (code, found)
    return known[1]


@executes(ir.Yield)
def _yield(machine: Machine, path: Path, i: ir.Yield) -> list[Path]:
    frame = path.frame
    value = frame.regs[i.src] if i.src is not None else NONE
    running = frame.generator
    if running is None or running.consumer is None:  # a body that is run without a consumer
        frame.regs[i.dst] = Unknown(("sent", span(path, i.at)))
        return [path]
    if not i.is_from:
        return yield_to(path, running, value, i)
    return _yield_from(machine, path, value, i, path.here(i.at))


def _yield_from(machine: Machine, path: Path, value: Value, i: ir.Yield, source: Source) -> list[Path]:
    def take(each: Path, item: Value) -> list[Path]:
        running = each.frame.generator
        return yield_to(each, running, item, i) if running is not None and running.consumer else [each]

    paths = each_of(machine, path, value, source, take)
    for each in paths:
        each.frame.regs.setdefault(i.dst, NONE)
    return paths


def each_of(
    machine: Machine, path: Path, value: Value, source: Source, take: Callable[[Path, Value], list[Path]]
) -> list[Path]:
    """``for item in value: take(item)``: with a generator in step, over anything else in turn."""
    from gradsafe.interp import containers

    if isinstance(value, Lazy) and pending(path, value) is not None:
        return drive(machine, path, value, take)
    done: list[Path] = []
    for start, rounds in containers.iterate(machine, path, value, source):
        running = [start]
        if rounds.may_be_none:
            done.append(start.fork())
        for item in rounds.items:
            following: list[Path] = []
            for each in running:
                if each.status is not Status.RUN:
                    done.append(each)
                    continue
                following.extend(take(each, item(each) if callable(item) else item))
            running = machine.limit(following)
        done.extend(running)
    return done
