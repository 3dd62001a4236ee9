"""``try``: which handler catches what was raised, and what runs afterwards."""

from __future__ import annotations

import builtins
import sys
from collections.abc import Iterable

from gradsafe.domain.state import Path, Status
from gradsafe.domain.values import ClassValue, External, Unknown
from gradsafe.interp import names, shadow, walk
from gradsafe.interp.bases import mro
from gradsafe.interp.execute import executes
from gradsafe.interp.machine import Machine, span
from gradsafe.ir import instructions as ir

_CATCH_ALL = frozenset({"Exception", "BaseException"})

ANY = "?"
"""Among the names of what is caught: something of which nothing is known."""


@executes(ir.Try)
def _try(machine: Machine, path: Path, i: ir.Try) -> list[Path]:
    after: list[Path] = []
    mode, outer = path.grad_mode, path.real
    for ended in _body(machine, path, i):
        real = shadow.as_it_was(ended, outer)
        done = real if _handler(machine, real, i.handlers) is not None else ended
        if done.status is Status.RAISED:
            handler = _handler(machine, done, i.handlers)
            if handler is None:
                after.append(done)
                continue
            raised = done.raised
            done.status, done.raised = Status.RUN, None
            done.grad_mode = mode
            if handler.name is not None:
                names.store(done, handler.name, Unknown(("exception", span(done, i.at))))
            for each in machine.run(done, handler.body):
                if each.raised == RERAISED:
                    each.raised = raised
                after.append(each)
        elif done.status is Status.RUN:
            after.extend(machine.run(done, i.orelse))
        else:
            after.append(done)
    return [final for each in after for final in _finally(machine, each, i)]


def _body(machine: Machine, path: Path, i: ir.Try) -> list[Path]:
    """The body; ``import x`` with a handler for its absence may find x or not."""
    catches = any(
        _IMPORT_ERRORS & {name.rpartition(".")[2] for name in handler.types} for handler in i.handlers
    )
    missing = _maybe_missing(machine, path, i) if catches else None
    if missing is None:
        return machine.run(path, i.body)
    paths: list[Path] = []
    for side, installed in machine.fork_on(path, ("installed", missing), f"{missing} is installed"):
        if installed:
            paths.extend(machine.run(side, i.body))
        else:
            side.status, side.raised = Status.RAISED, "ModuleNotFoundError"
            paths.append(side)
    return paths


def _maybe_missing(machine: Machine, path: Path, i: ir.Try) -> str | None:
    """The first module that the body imports and that need not be there."""
    for each in walk.instructions(i.body, machine.body):
        if not isinstance(each, (ir.Import, ir.ImportFrom)):
            continue
        level = each.level if isinstance(each, ir.ImportFrom) else 0
        top = each.module.partition(".")[0]
        if level or top in ALWAYS_THERE:
            continue
        if machine.world.find_module(path.frame.file, each.module, 0) is None:
            return top
    return None


_IMPORT_ERRORS = frozenset({"ImportError", "ModuleNotFoundError", "Exception"})
ALWAYS_THERE = frozenset(sys.stdlib_module_names) | {"torch", "numpy"}

RERAISED = "#reraised"
"""What a bare ``raise`` raises until its handler says what that was."""


def _handler(machine: Machine, path: Path, handlers: tuple[ir.Handler, ...]) -> ir.Handler | None:
    """The handler that catches what was raised: by Python's own hierarchy, or the workspace's classes."""
    return next((each for each in handlers if catches(machine, path, each.types)), None)


def catches(machine: Machine, path: Path, types: Iterable[str]) -> bool:
    """Whether what was raised is one of these, by their dotted names; none: whatever it is."""
    raised = path.raised
    if raised is not None and raised.startswith("#"):
        return False
    simple = {name.rpartition(".")[2] for name in types}
    if ANY in simple:
        simple = set(_CATCH_ALL)
    return not simple or raised is None or bool(simple & _kinds(machine, path, raised))


def _kinds(machine: Machine, path: Path, raised: str | None) -> frozenset[str]:
    known = getattr(builtins, raised or "", None)
    if isinstance(known, type):
        return frozenset(cls.__name__ for cls in known.__mro__)
    found = {raised or "", "Exception", "BaseException"}
    value = names.load(machine, path, raised) if raised else None
    for cls in mro(value) if isinstance(value, ClassValue) else ():
        name = (
            cls.name
            if isinstance(cls, ClassValue)
            else cls.name.rpartition(".")[2]
            if isinstance(cls, External)
            else ""
        )
        outer = getattr(builtins, name, None)
        found.update(each.__name__ for each in outer.__mro__) if isinstance(outer, type) else found.add(name)
    if raised and not isinstance(value, ClassValue):
        found.add("RuntimeError")  # an exception from outside: a subclass of we do not know what
    return frozenset(found)


def _finally(machine: Machine, path: Path, i: ir.Try) -> list[Path]:
    if not i.final:
        return [path]
    status, returned, raised = path.status, path.returned, path.raised
    path.status = Status.RUN
    paths = machine.run(path, i.final)
    for each in paths:
        if each.status is Status.RUN:
            each.status, each.returned, each.raised = status, returned, raised
    return paths
