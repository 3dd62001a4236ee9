"""``with``: grad modes, context managers written as classes or as generators, ``ExitStack``."""

from __future__ import annotations

from gradsafe.domain.state import LogEntry, Path, Status
from gradsafe.domain.tensors import GradMode
from gradsafe.domain.values import (
    NONE,
    TRUE,
    Const,
    External,
    Instance,
    Lazy,
    Manager,
    PartialValue,
    Source,
    TupleValue,
    Unknown,
    Value,
    const,
)
from gradsafe.interp import calls, exceptions, generators, handed, operators, shadow
from gradsafe.interp.execute import executes
from gradsafe.interp.machine import Machine, Outcomes
from gradsafe.ir import instructions as ir

_MODES = {
    "no_grad": GradMode.NO_GRAD,
    "enable_grad": GradMode.ENABLED,
    "inference": GradMode.INFERENCE,
    "unknown-grad": GradMode.UNKNOWN,
}


def enter_mode(path: Path, mode: str) -> GradMode:
    """Switch grad mode for a context manager or decorator; the mode to restore afterwards.

    ``enable_grad`` inside inference mode has no effect (measured, AUTOGRAD.md section 9.38).
    """
    before = path.grad_mode
    wanted = _MODES.get(mode)
    if wanted is not None and not (before is GradMode.INFERENCE and wanted is not GradMode.INFERENCE):
        path.grad_mode = wanted
    if mode == "no-inference" and before is GradMode.INFERENCE:
        path.grad_mode = GradMode.ENABLED
    return before


def by_hand(path: Path, manager: Manager, name: str) -> Value:
    """``mode.__enter__()`` and ``mode.__exit__(...)``, called as methods: the last one entered is the first that is left."""
    key = (("entered by hand", manager), "#modes")
    entered = path.vars.get(key)
    before = entered.items if isinstance(entered, TupleValue) else ()
    if name == "__enter__":
        path.vars[key] = TupleValue((*before, const(enter_mode(path, manager.mode).value)))
        return manager
    last = before[-1] if before else const(manager.previous or GradMode.UNKNOWN.value)
    if isinstance(last, Const) and manager.mode in _MODES:
        path.grad_mode = GradMode(last.value)
    path.vars[key] = TupleValue(before[:-1])
    return NONE


@executes(ir.With)
def _with(machine: Machine, path: Path, i: ir.With) -> list[Path]:
    manager = path.frame.regs[i.manager]
    source = path.here(i.at)
    if isinstance(manager, Manager):
        before, saving, outer = enter_mode(path, manager.mode), path.saving, path.real
        before = GradMode(manager.previous) if manager.previous else before
        path.saving = "autocast" if manager.mode == "autocast" and saving == "all" else saving
        path.frame.regs[i.target] = manager
        log = path.log
        paths = [done for start in machine.run(path, i.assign) for done in machine.run(start, i.body)]
        if manager.expected:
            paths = [_as_expected(machine, each, outer, log, manager.expected) for each in paths]
        for each in paths:
            each.grad_mode, each.saving = before, saving
        return paths
    if isinstance(manager, Lazy) and generators.pending(path, manager) is not None:
        return _with_generator(machine, path, i, manager)
    if isinstance(manager, Instance) and manager.cls == "contextlib.ExitStack":
        return _with_stack(machine, path, i, manager)
    entered = calls.call_method(machine, path, manager, "__enter__", (), source)
    entered = entered or calls.call_method(machine, path, manager, "__aenter__", (), source)
    paths = []
    around = handed.enter(path) if isinstance(manager, Unknown) else TRUE
    for start, value in entered or [(path, manager)]:
        start.frame.regs[i.target] = value
        if start.status is not Status.RUN:
            paths.append(start)
            continue
        for assigned in machine.run(start, i.assign):
            for done in machine.run(assigned, i.body):
                handed.leave(done, around)
                paths.extend(leave(machine, done, manager, source))
    return paths


def _as_expected(
    machine: Machine, path: Path, outer: Path | None, log: LogEntry | None, expected: frozenset[str]
) -> Path:
    """Where the program caught what it expects: as if nothing had been said."""
    real = shadow.as_it_was(path, outer)
    if real.status is not Status.RAISED or not exceptions.catches(machine, real, expected):
        return path
    real.status, real.raised, real.log = Status.RUN, None, log
    return real


def _with_generator(machine: Machine, path: Path, i: ir.With, manager: Lazy) -> list[Path]:
    """A ``@contextmanager``: the body runs at its ``yield``."""

    def take(each: Path, item: Value) -> list[Path]:
        each.frame.regs[i.target] = item
        return [done for assigned in machine.run(each, i.assign) for done in machine.run(assigned, i.body)]

    return generators.drive(machine, path, manager, take)


def _with_stack(machine: Machine, path: Path, i: ir.With, manager: Instance) -> list[Path]:
    """``ExitStack``: what was entered on it is left in reverse order."""
    path.frame.regs[i.target] = manager
    mode, saving = path.grad_mode, path.saving
    paths: list[Path] = []
    for assigned in machine.run(path, i.assign):
        for done in machine.run(assigned, i.body):
            held = done.vars.get((manager.oid, "#entered"))
            running = [done]
            for each in reversed(held.items if isinstance(held, TupleValue) else ()):
                running = [after for side in running for after in leave(machine, side, each, path.here(i.at))]
            for each_path in running:
                each_path.grad_mode, each_path.saving = mode, saving
            paths.extend(running)
    return paths


def enter_context(machine: Machine, path: Path, manager: Value, source: Source) -> Outcomes:
    """``stack.enter_context(manager)``: like ``with``, without an end of its own."""
    if isinstance(manager, Manager):
        enter_mode(path, manager.mode)
        return [(path, manager)]
    outcomes = calls.call_method(machine, path, manager, "__enter__", (), source)
    return outcomes if outcomes is not None else [(path, manager)]


def on_stack(machine: Machine, path: Path, stack: Instance, name: str, call: calls.Call) -> Outcomes | None:
    """``stack.enter_context(manager)`` and ``stack.callback(f, ...)``: what is left in reverse order at its end."""
    if name not in ("enter_context", "enter_async_context", "push", "callback") or not call.args:
        return None
    first, *rest = call.args
    kept = PartialValue(first, tuple(rest), tuple(call.kwargs.items())) if name == "callback" else first
    entered = path.vars.get((stack.oid, "#entered"))
    before = entered.items if isinstance(entered, TupleValue) else ()
    path.vars[stack.oid, "#entered"] = TupleValue((*before, kept))
    if name in ("callback", "push"):
        return [(path, first)]
    return enter_context(machine, path, first, call.source)


def leave(machine: Machine, path: Path, manager: Value, source: Source) -> list[Path]:
    """``__exit__``: called however the body ended; a true result swallows its exception."""
    status, returned, raised = path.status, path.returned, path.raised
    path.status = Status.RUN
    given: tuple[Value, ...] = (NONE, NONE, NONE)
    if status is Status.RAISED:
        given = (
            External(f"builtins.{raised}"),
            Unknown(("exception", source.place)),
            Unknown(("traceback", source.place)),
        )
    outcomes: Outcomes | None = None
    if isinstance(manager, PartialValue):  # `stack.callback(f, ...)`
        called = calls.Call(manager.function, manager.args, dict(manager.kwargs), source)
        outcomes = [(each, NONE) for each, _ in calls.call(machine, path, called)]
    for name in ("__exit__", "__aexit__") if outcomes is None else ():
        outcomes = outcomes or calls.call_method(machine, path, manager, name, given, source)
    if outcomes is None:
        path.status, path.returned = status, returned
        return [path]
    for each, value in outcomes:
        swallowed = status is Status.RAISED and operators.truth(each, value) is True
        if each.status is Status.RUN and not swallowed:
            each.status, each.returned, each.raised = status, returned, raised
    return [each for each, _ in outcomes]
