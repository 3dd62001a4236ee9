"""How Python makes classes and objects where a program has a say in it: metaclasses, ``__new__``, descriptors."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from gradsafe.domain.state import Path, Status
from gradsafe.domain.values import (
    Bound,
    ClassValue,
    FunctionValue,
    Instance,
    PartialValue,
    Source,
    TupleValue,
    Value,
    const,
)
from gradsafe.interp import calls, classes, containers, modules, names
from gradsafe.interp.bases import mro

if TYPE_CHECKING:
    from gradsafe.interp.calls import Call
    from gradsafe.interp.machine import Machine, Outcomes

PARTIAL_METHOD = "functools.partialmethod"
_MADE = "#made by its metaclass"


def metaclass_of(path: Path, cls: ClassValue) -> ClassValue | None:
    """The metaclass of the workspace that a class or one of its bases names."""
    for each in mro(cls):
        found = path.vars.get((each.env, "#metaclass")) if isinstance(each, ClassValue) else None
        if isinstance(found, ClassValue):
            return found
    return None


def finish_class(
    machine: Machine, path: Path, cls: ClassValue, metaclass: Value | None, source: Source
) -> list[Path]:
    """After a class body: ``__set_name__`` of its descriptors, then ``__new__`` and ``__init__`` of its metaclass."""
    if isinstance(metaclass, ClassValue):
        path.vars[cls.env, "#metaclass"] = metaclass
    body = machine.body(cls.body) if cls.body else ()
    members = sorted(set().union(*(names.bound_names(block.instructions) for block in body)))
    states = [path]
    for name in members:
        held = path.vars.get((cls.env, name))
        if isinstance(held, Instance):
            given = (cls, const(name))
            asked = [calls.call_method(machine, each, held, "__set_name__", given, source) for each in states]
            states = [after for each, told in zip(states, asked, strict=True) for after in _paths(each, told)]
    meta = metaclass_of(path, cls)
    if meta is not None:
        for hook in ("__new__", "__init__"):
            states = [
                after for each in states for after in _ask(machine, each, meta, hook, cls, members, source)
            ]
    return states


def _ask(
    machine: Machine, path: Path, meta: ClassValue, hook: str, cls: ClassValue, members: list[str], source: Source
) -> list[Path]:  # fmt: skip
    """``Meta.__new__(Meta, name, bases, namespace)``, ``Meta.__init__(cls, name, bases, namespace)``."""
    found = classes.find_member(path, mro(meta), hook)
    if found is None or not isinstance(found[0], FunctionValue):
        return [path]
    pairs = ((const(name), path.vars.get((cls.env, name))) for name in members)
    space = containers.new_dict(path, tuple((key, value) for key, value in pairs if value is not None))
    given = (meta if hook == "__new__" else cls, const(cls.name), TupleValue(cls.bases), space)
    path.vars[meta.env, _MADE] = cls
    member = replace(found[0], owner=found[1] if isinstance(found[1], ClassValue) else None)
    outcomes = calls.call_function(machine, path, member, given, {}, source)
    for after, _ in outcomes:
        del after.vars[meta.env, _MADE]
    return [after for after, _ in outcomes]


def _paths(path: Path, outcomes: Outcomes | None) -> list[Path]:
    return [after for after, _ in outcomes] if outcomes is not None else [path]


def new(machine: Machine, path: Path, call: Call) -> Outcomes | None:
    """``super().__new__(cls)``: a bare object; in a metaclass, the class that is being made."""
    cls = call.args[0] if call.args else None
    if not isinstance(cls, ClassValue):
        return None
    made = path.vars.get((cls.env, _MADE))
    if made is not None:
        return [(path, made)]
    obj = Instance(path.new_id(), cls)
    modules.prepare(machine, path, obj, call)
    return [(path, obj)]


def instantiate(machine: Machine, path: Path, cls: ClassValue, call: Call) -> Outcomes | None:
    """``cls(...)`` where a metaclass's ``__call__`` or the class's ``__new__`` says what that gives; None elsewhere."""
    meta = metaclass_of(path, cls)
    called = classes.find_member(path, mro(meta), "__call__") if meta is not None else None
    if called is not None and isinstance(called[0], FunctionValue):
        member = replace(called[0], owner=called[1] if isinstance(called[1], ClassValue) else None)
        return calls.call_function(machine, path, member, (cls, *call.args), call.kwargs, call.source)
    return made_by_new(machine, path, cls, call)


def made_by_new(machine: Machine, path: Path, cls: ClassValue, call: Call) -> Outcomes | None:
    """``cls(...)`` by the ``__new__`` that the workspace defines, then ``__init__``; None where it defines none."""
    found = classes.find_member(path, mro(cls), "__new__")
    if found is None or not isinstance(found[0], FunctionValue):
        return None
    maker = replace(found[0], owner=found[1] if isinstance(found[1], ClassValue) else None)
    done: Outcomes = []
    for each, made in calls.call_function(machine, path, maker, (cls, *call.args), call.kwargs, call.source):
        init = classes.find_member(each, mro(cls), "__init__")
        owns = isinstance(made, Instance) and cls in classes.class_of(made)
        if (
            each.status is not Status.RUN
            or not owns
            or init is None
            or not isinstance(init[0], FunctionValue)
        ):
            done.append((each, made))
            continue
        method = Bound(made, replace(init[0], owner=init[1] if isinstance(init[1], ClassValue) else None))
        outcomes = calls.call(machine, each, replace(call, function=method))
        done.extend((after, made) for after, _ in outcomes)
    return done


def described(
    machine: Machine, path: Path, member: Value, obj: Value, cls: Value, source: Source
) -> Outcomes | None:
    """``__get__`` of a class attribute that is a descriptor; None where it is none."""
    if not isinstance(member, Instance):
        return None
    given = path.vars.get((member.oid, "#call")) if member.cls == PARTIAL_METHOD else None
    if isinstance(given, PartialValue) and isinstance(given.function, FunctionValue):
        return [(path, replace(given, function=Bound(obj, given.function)))]
    return calls.call_method(machine, path, member, "__get__", (obj, cls), source)
