"""``functools.singledispatch``: one name, and a function for each class that the first argument may have."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from gradsafe.domain.state import Path
from gradsafe.domain.values import ClassValue, External, FunctionValue, PartialValue, TupleValue, Value
from gradsafe.interp import builtin_calls, classes, names
from gradsafe.interp.bases import mro

if TYPE_CHECKING:
    from gradsafe.interp.calls import Call
    from gradsafe.interp.machine import Machine, Outcomes

_REGISTER = "gradsafe.singledispatch.register"


@builtin_calls.builtin("functools.singledispatch")
def _single_dispatch(machine: Machine, path: Path, call: Call) -> Outcomes | None:
    function = call.args[0] if call.args else None
    return [(path, replace(function, dispatches=True))] if isinstance(function, FunctionValue) else None


def register(machine: Machine, path: Path, generic: FunctionValue, call: Call) -> Outcomes:
    """``@generic.register`` (the annotation names the class), ``@generic.register(cls)``, ``generic.register(cls, f)``."""
    first = call.args[0] if call.args else generic
    if isinstance(first, FunctionValue) and len(call.args) == 1:
        parameters = first.code.parameters
        named = _named(machine, path, parameters[0].annotation if parameters else None)
        return _add(path, generic, named, first)
    if len(call.args) == 2:
        return _add(path, generic, first, call.args[1])
    return [(path, PartialValue(External(_REGISTER), (generic, first), ()))]


@builtin_calls.builtin(_REGISTER)
def _registered(machine: Machine, path: Path, call: Call) -> Outcomes | None:
    generic, cls, function = call.args if len(call.args) == 3 else (None, None, None)
    return _add(path, generic, cls, function) if isinstance(generic, FunctionValue) else None


def _named(machine: Machine, path: Path, annotation: str | None) -> Value | None:
    first, *rest = (annotation or "").strip("\"' ").split(".")
    if not first.isidentifier():
        return None
    found = names.load(machine, path, first)
    if rest:
        return External(".".join((found.name, *rest))) if isinstance(found, External) else None
    return found


def _add(path: Path, generic: FunctionValue, cls: Value | None, function: Value | None) -> Outcomes:
    key = classes.function_key(generic)
    held = path.vars.get((key, "#registered"))
    before = held.items if isinstance(held, TupleValue) else ()
    if cls is not None and function is not None:
        path.vars[key, "#registered"] = TupleValue((TupleValue((cls, function)), *before))
    return [(path, function if function is not None else generic)]


def chosen(path: Path, generic: FunctionValue, args: tuple[Value, ...]) -> FunctionValue | None:
    """The function for these arguments; None where the class of the first is not known."""
    plain = replace(generic, dispatches=False)
    held = path.vars.get((classes.function_key(generic), "#registered"))
    if not args or not isinstance(held, TupleValue):
        return plain
    known = True
    matching: list[tuple[Value, Value]] = []
    for pair in held.items:
        cls, function = pair.items if isinstance(pair, TupleValue) else (pair, pair)
        verdict = builtin_calls.is_instance(args[0], cls)
        known = known and verdict is not None
        if verdict:
            matching.append((cls, function))
    if not matching:
        return plain if known else None
    # The most special class: none of the other matching ones is below it.
    best, function = matching[0]
    for cls, other in matching[1:]:
        if isinstance(cls, ClassValue) and best in mro(cls):
            best, function = cls, other
    return function if isinstance(function, FunctionValue) else None
