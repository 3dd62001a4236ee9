"""Calls on a budget of their own: those that keep books, and had used up that of whoever made them.

Decorators of large packages put docstrings together or fill registries, for every class and function of a file; base classes look
up, in their ``__init__``, what is installed and what a configuration allows. None of that matters to autograd, but what comes after it may.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from gradsafe.domain.state import Path
from gradsafe.domain.values import TRUE, External, FunctionValue, Instance, Source, Unknown, Value
from gradsafe.interp import calls

if TYPE_CHECKING:
    from gradsafe.interp.calls import Call
    from gradsafe.interp.machine import Machine, Outcomes

DECORATOR = 500
"""Instructions that one ``@decorator`` may take."""

DECORATORS = 3_000
"""What all those together may take that a root applies."""

SKIPPED = "#skipped"
"""On an object that went into a call that counts as not carried out: it may have attributes of which nothing is known."""

SHARE = 3
"""A call into another file may take one part of so many of what is left, where an object is made."""

BOOKS = 4_000
"""What it may take where a module calls it. A package's ``__init__`` that reads its own folder took 31,000 and came to no end, for each of the
450 packages of transformers; who makes a model has made a tensor by then."""


def decorate(machine: Machine, path: Path, call: Call) -> Outcomes:
    """``@decorator`` above a definition. What takes longer than a wrapper or a registry keeps books: it gives back what it
    was given, as decorators from outside do.
    """
    if isinstance(call.function, (External, Unknown)):
        return calls.call(machine, path, call)
    began = machine.ran
    most = min(DECORATOR, DECORATORS - machine.decorating)
    outcomes, before = _within(machine, path, most, lambda: calls.call(machine, path, call))
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
    outcomes, before = _within(
        machine, path, most, lambda: calls.call_function(machine, path, function, args, kwargs, source)
    )
    if before is None:
        return outcomes
    if any(each.log is not before.log for each, _ in outcomes):
        machine.ran = began
        return calls.call_function(machine, before, function, args, kwargs, source)
    before.blurred = True
    for each in args:
        if isinstance(each, Instance):
            before.vars[each.oid, SKIPPED] = TRUE
    return [(before, Unknown(("call", source.place, before.new_id())))]


def _within(
    machine: Machine, path: Path, most: int, carry_out: Callable[[], Outcomes]
) -> tuple[Outcomes, Path | None]:
    """What was carried out; where ``most`` instructions were not enough for it, also the path as it was before."""
    outer, hit, before = machine.budget, dict(machine.hit), path.fork()
    machine.budget = replace(outer, instructions=min(outer.instructions, machine.ran + most))
    try:
        outcomes = carry_out()
    finally:
        cut, machine.budget = machine.spent(), outer
    if not cut or machine.spent():
        return outcomes, None
    machine.hit = hit
    return outcomes, before
