"""Calls on a budget of their own: those that keep books, and had used up that of whoever made them.

Decorators of large packages put docstrings together or fill registries, for every class and function of a file; base classes look
up, in their ``__init__``, what is installed and what a configuration allows. None of that matters to autograd, but what comes after it may.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from gradsafe.domain.state import Frame, Path
from gradsafe.domain.values import TRUE, External, FunctionValue, Instance, Source, Unknown, Value
from gradsafe.interp import calls
from gradsafe.interp.machine import Budget, Machine
from gradsafe.syntax.span import Span

if TYPE_CHECKING:
    from gradsafe.interp.calls import Call
    from gradsafe.interp.machine import Outcomes
    from gradsafe.interp.world import World

DECORATOR = 500
"""Instructions that one ``@decorator`` may take."""

DECORATORS = 3_000
"""What all those together may take that a root applies."""

SKIPPED = "#skipped"
"""On an object that went into a call that counts as not carried out: it may have attributes of which nothing is known."""

SHARE = 3
"""A call into another file may take one part of so many of what is left, where an object is made."""

BRIEF = 8
"""Who keeps books when nothing is known of what it is given gets one part of so many of that."""

BOOKS = 4_000
"""What it may take where a module calls it, and what is tried of a function to see whether it keeps books. A package's ``__init__`` that reads its own folder took 31,000 and came to no end, for each of the
450 packages of transformers; who makes a model has made a tensor by then."""


def decorate(machine: Machine, path: Path, call: Call) -> Outcomes:
    """``@decorator`` above a definition. What takes longer than a wrapper or a registry keeps books: it gives back what it
    was given, as decorators from outside do.
    """
    if isinstance(call.function, (External, Unknown)):
        return calls.call(machine, path, call)
    began, making, loading = machine.ran, machine.making, machine.loading
    most = min(DECORATOR, DECORATORS - machine.decorating)
    function = call.function if isinstance(call.function, FunctionValue) else None
    machine.making = machine.loading = False  # what it calls elsewhere is bounded with it
    try:
        outcomes, before = _tried(
            machine, path, function, most, lambda start: calls.call(machine, start, call)
        )
    finally:
        machine.making, machine.loading = making, loading
    machine.decorating += machine.ran - began
    if before is None:
        return outcomes
    machine.note("decorators", call.source.place)
    before.blurred = True
    return [(before, call.args[0])]


def from_elsewhere(
    machine: Machine, path: Path, function: FunctionValue, args: tuple[Value, ...], kwargs: Mapping[str, Value],
    source: Source,
) -> Outcomes:  # fmt: skip
    """A call into another file while an object is made, or by a module's own statements. Where it is cut before anything has happened to tensors, it counts
    as not carried out, and the object is made to its end; else it may take all that is left.
    """
    making, loading = machine.making, machine.loading
    left = machine.budget.instructions - machine.ran
    machine.making = machine.loading = False
    try:
        most = left // SHARE if making else min(left, BOOKS)
        return _from_elsewhere(machine, path, function, args, kwargs, source, most)
    finally:
        machine.making, machine.loading = making, loading


def _from_elsewhere(
    machine: Machine, path: Path, function: FunctionValue, args: tuple[Value, ...], kwargs: Mapping[str, Value],
    source: Source, most: int,
) -> Outcomes:  # fmt: skip
    began = machine.ran

    def carry_out(start: Path) -> Outcomes:
        return calls.call_function(machine, start, function, args, kwargs, source)

    outcomes, before = _tried(machine, path, function, most, carry_out)
    if before is None:
        return outcomes
    if _has_acted(outcomes, before):
        machine.ran = began
        return calls.call_function(machine, before, function, args, kwargs, source)
    before.blurred = True
    for each in args:
        if isinstance(each, Instance):
            before.vars[each.oid, SKIPPED] = TRUE
    return [(before, Unknown(("call", source.place, before.new_id())))]


def _tried(
    machine: Machine, path: Path, function: FunctionValue | None, most: int, carry_out: Callable[[Path], Outcomes]
) -> tuple[Outcomes, Path | None]:  # fmt: skip
    """As :func:`_within`; but who has not come to an end with a part of it, and is known to keep books, gets no more."""
    began = machine.ran
    outcomes, before = _within(machine, path, most // BRIEF, carry_out)
    if before is None:
        return outcomes, None
    if function is not None and not _has_acted(outcomes, before) and _keeps_books(machine, function):
        return outcomes, before
    machine.ran = began
    return _within(machine, before, most, carry_out)


def _has_acted(outcomes: Outcomes, before: Path) -> bool:
    """Has something happened to tensors?"""
    return any(each.log is not before.log for each, _ in outcomes)


@dataclass(frozen=True, slots=True)
class _Tried:
    """What came of a function that was called with nothing known."""

    keeps_books: bool
    instructions: int


def _keeps_books(machine: Machine, function: FunctionValue) -> bool:
    """Whether the function has touched no tensor after ``BOOKS`` instructions, whatever it is given. Tried once for all roots."""
    parameters = tuple(each.name for each in function.code.parameters if not each.kind)

    def compute(world: World) -> _Tried:
        inner = Machine(world, machine.table, Budget(BOOKS, paths=4, depth=10), machine.prelude)
        inner.forking = frozenset()
        path = Path(Frame(("tried",), function.file, function.chunk, "", ()), machine.prelude.shared)
        path.next_id = machine.prelude.first_id()
        given: dict[str, Value] = {name: Unknown(("argument", function.chunk, name)) for name in parameters}
        given[calls.OPEN] = Unknown(("arguments", function.chunk))
        owner = function.owner
        if owner is not None and parameters and function.binding not in ("static", "class"):
            given[parameters[0]] = receiver = Instance(path.new_id(), owner)
            path.vars[receiver.oid, SKIPPED] = TRUE
        tried = replace(function, env=None, defaults=(), within=None, is_cached=False, dispatches=False)
        here = Source(Span(function.chunk, 0, 0), ())
        outcomes = calls.call_function(inner, path, tried, (), given, here)
        return _Tried(inner.spent() and all(each.log is None for each, _ in outcomes), inner.ran)

    found = machine.prelude.remember(machine.outside, ("books", function.chunk, parameters), compute)
    return isinstance(found, _Tried) and found.keeps_books


def _within(
    machine: Machine, path: Path, most: int, carry_out: Callable[[Path], Outcomes]
) -> tuple[Outcomes, Path | None]:
    """What was carried out; where ``most`` instructions were not enough for it, also the path as it was before."""
    outer, hit, before = machine.budget, dict(machine.hit), path.fork()
    machine.budget = replace(outer, instructions=min(outer.instructions, machine.ran + most))
    try:
        outcomes = carry_out(path)
    finally:
        cut, machine.budget = machine.spent(), outer
    if not cut or machine.spent():
        return outcomes, None
    machine.hit = hit
    return outcomes, before
