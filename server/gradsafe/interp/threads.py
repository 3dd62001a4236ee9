"""Threads of the program: what a thread does is done where it is started.

Between ``start`` and ``join`` the order is nobody's; it is taken as one step at ``start``. A target of which this makes
no straight story (a loop without an end, a path that hangs on what is not known) is left out: then nothing is known of it.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from gradsafe.domain.state import Path, Status
from gradsafe.domain.tensors import GradMode
from gradsafe.domain.values import NONE, External, Instance, PartialValue, Value
from gradsafe.interp import calls, classes, containers
from gradsafe.interp.builtin_calls import builtin

if TYPE_CHECKING:
    from gradsafe.interp.calls import Call
    from gradsafe.interp.machine import Machine, Outcomes

_THREAD = "threading.Thread"
_POOL = "concurrent.futures.ThreadPoolExecutor"
_FUTURE = "concurrent.futures.Future"


@builtin(_THREAD)
def _thread(machine: Machine, path: Path, call: Call) -> Outcomes | None:
    """A ``threading.Timer`` is none of these: it runs when the program is long past ``start``."""
    target = call.argument(1, "target")
    if target is None:
        return None
    made = Instance(path.new_id(), _THREAD)
    given, named = call.argument(3, "args"), call.argument(4, "kwargs")
    args = containers.elements(path, given) if given is not None else ()
    kwargs = tuple(containers.string_entries(path, named).items()) if named is not None else ()
    path.vars[made.oid, "#target"] = PartialValue(target, args, kwargs)
    return [(path, made)]


@builtin(_POOL, "concurrent.futures.thread.ThreadPoolExecutor", "multiprocessing.pool.ThreadPool")
def _pool(machine: Machine, path: Path, call: Call) -> Outcomes | None:
    return [(path, Instance(path.new_id(), _POOL))]


@builtin("concurrent.futures.as_completed", needs=1)
def _as_completed(machine: Machine, path: Path, call: Call) -> Outcomes | None:
    """In the order in which they were submitted: one of those that may be."""
    return [(path, call.args[0])]


def call_method(machine: Machine, path: Path, obj: Instance, name: str, call: Call) -> Outcomes | None:
    """``start``, ``submit``, ``map`` and ``result``; None for other objects and methods."""
    if name == "start":
        target = _target(path, obj)
        if target is None:
            return None
        return [(each, NONE) for each, _ in _in_a_thread(machine, path, target, call)]
    if obj.cls == _FUTURE and name in ("result", "get"):
        return [(path, path.vars.get((obj.oid, "#value")) or NONE)]
    if obj.cls != _POOL or not call.args:
        return None
    if name in ("submit", "apply_async"):
        return _submitted(machine, path, name, call)
    if name in ("map", "starmap"):
        builtin_map = External("itertools.starmap" if name == "starmap" else "builtins.map")
        return calls.call(machine, path, replace(call, function=builtin_map))
    return None


def _target(path: Path, obj: Instance) -> Value | None:
    """What ``start`` runs: the target that was given, or the ``run`` of a class of the workspace."""
    if not classes.is_a(obj, _THREAD):
        return None
    found = classes.find_member(path, classes.class_of(obj), "run")
    return path.vars.get((obj.oid, "#target")) if found is None else PartialValue(found[0], (obj,), ())


def _submitted(machine: Machine, path: Path, name: str, call: Call) -> Outcomes:
    args = call.args[1:]
    if name == "apply_async":
        args = containers.elements(path, args[0]) if args else ()
    found: Outcomes = []
    for each, value in _in_a_thread(
        machine, path, PartialValue(call.args[0], args, tuple(call.kwargs.items())), call
    ):
        future = Instance(each.new_id(), _FUTURE)
        each.vars[future.oid, "#value"] = value
        found.append((each, future))
    return found


def _in_a_thread(machine: Machine, path: Path, target: Value, call: Call) -> Outcomes:
    """Run ``target``: with grad enabled, since modes are each thread's own (AUTOGRAD.md section 2)."""
    mode, saving = path.grad_mode, path.saving
    inside = path.fork()
    inside.grad_mode, inside.saving = GradMode.ENABLED, "all"
    outcomes = calls.call(machine, inside, replace(call, function=target, args=(), kwargs={}))
    if any(each.status is not Status.RUN or (each.blurred and not path.blurred) for each, _ in outcomes):
        return calls.unknown_result(path, call)
    for each, _ in outcomes:
        each.grad_mode, each.saving = mode, saving
    return outcomes
