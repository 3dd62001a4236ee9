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
    began = machine.ran
    most = min(DECORATOR, DECORATORS - machine.decorating)
    function = call.function if isinstance(call.function, FunctionValue) else None
    bound = _Bound(machine, path, most, function)
    outcomes, before = bound.carry_out(path, lambda: calls.call(machine, path, call))
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
    left = machine.budget.instructions - machine.ran
    most = left // SHARE if machine.making else min(left, BOOKS)
    bound = _Bound(machine, path, most, function, till_it_acts=True)
    outcomes, before = bound.carry_out(
        path, lambda: calls.call_function(machine, path, function, args, kwargs, source)
    )
    if before is None:
        return outcomes
    before.blurred = True
    for each in args:
        if isinstance(each, Instance):
            before.vars[each.oid, SKIPPED] = TRUE
    return [(before, Unknown(("call", source.place, before.new_id())))]


class _Bound:
    """What one call may take: a part of it at once, all of it once it is clear that it is not one that keeps books.

    ``till_it_acts``: it has no bound of its own once something has happened to tensors.
    """

    def __init__(
        self, machine: Machine, path: Path, most: int, function: FunctionValue | None, till_it_acts: bool = False
    ) -> None:  # fmt: skip
        self._machine, self._function, self._till_it_acts = machine, function, till_it_acts
        self._began, self._most, self._may = machine.ran, most, most // BRIEF
        self._around, self._more_around = machine.budget, machine.more
        self._sharing, self._logged = path.sharing, path.sharing.logged
        self._books: bool | None = None

    def carry_out(self, path: Path, call: Callable[[], Outcomes]) -> tuple[Outcomes, Path | None]:
        """What was carried out; where that was too much also the path as it was before."""
        machine = self._machine
        making, loading, hit, before = machine.making, machine.loading, dict(machine.hit), path.fork()
        machine.making = machine.loading = False  # what it calls elsewhere is bounded with it
        machine.more = self._more
        self._limit()
        try:
            outcomes = call()
            cut = machine.spent()
        finally:
            machine.making, machine.loading = making, loading
            machine.budget, machine.more = self._around, self._more_around
        if not cut or machine.ran > self._around.instructions:
            return outcomes, None
        machine.hit = hit
        return outcomes, before

    def _limit(self) -> None:
        most = min(self._around.instructions, self._began + self._may)
        self._machine.budget = replace(self._around, instructions=most)

    def _more(self) -> bool:
        """All of what it may is used up: may it go on? Who is around it is asked first, if that one has no more, either."""
        machine = self._machine
        if machine.ran > self._around.instructions:
            machine.budget, machine.more = self._around, self._more_around
            goes_on = not machine.spent()
            self._around, machine.more = machine.budget, self._more
            self._limit()
            if not goes_on:
                return False
        while machine.ran > machine.budget.instructions:
            may = self._allowed()
            if may <= self._may:
                return False
            self._may = may
            self._limit()
        return True

    def _allowed(self) -> int:
        acted, function = self._sharing.logged > self._logged, self._function
        if acted and self._till_it_acts:
            return self._around.instructions
        if self._books is None:
            self._books = not acted and function is not None and _keeps_books(self._machine, function)
        return self._may if self._books else self._most


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
        path = Path.begin(Frame(("tried",), function.file, function.chunk, "", ()), machine.prelude.shared)
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
