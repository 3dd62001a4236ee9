"""A function judged alone: its arguments are unknown but for what annotations and defaults say of them.

Functions that are defined inside it and that nobody called are judged after it, in the state that it left.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase

from gradsafe.domain.layered import LayeredMap
from gradsafe.domain.state import Path, Status, is_made_since
from gradsafe.domain.tensors import Tri
from gradsafe.domain.values import (
    NONE,
    TRUE,
    ClassValue,
    Const,
    DictRef,
    FunctionValue,
    Instance,
    ListRef,
    Source,
    TensorRef,
    TupleValue,
    Unknown,
    Value,
)
from gradsafe.interp import (
    backward,
    calls,
    classes,
    data_classes,
    evidence,
    generators,
    names,
    told,
    torch_ops,
)
from gradsafe.interp.bases import mro
from gradsafe.interp.machine import Machine
from gradsafe.ir.instructions import Parameter
from gradsafe.syntax.span import ChunkId, Span

MAX_UNCALLED = 8
"""Functions inside one function (or branch of a module) that are judged after it."""


def unknown_arguments(function: FunctionValue) -> tuple[Value, ...]:
    """One unknown value for each positional parameter."""
    return tuple(
        calls.unknown_argument(function, parameter)
        for parameter in function.code.parameters
        if not parameter.kind and not parameter.keyword_only
    )


def call(machine: Machine, path: Path, value: Value, here: Source, is_returned: bool = True) -> list[Path]:
    """Run a function with unknown arguments, judge what it returns (where that is ``is_returned`` to anybody), then the functions
    that it left uncalled.
    """
    path.log = None
    before = Before(path.next_id, path.vars.fork())
    paths = _call(machine, path, value, here, is_returned)
    return with_uncalled(machine, paths, before, here)


def _call(machine: Machine, path: Path, value: Value, here: Source, is_returned: bool = True) -> list[Path]:
    if not isinstance(value, FunctionValue):
        return []
    args = tuple(_said(machine, path, value, each, here) for each in unknown_arguments(value))
    receiver = path.vars.get((("root",), "self"))
    if receiver is not None and args and value.binding not in ("static", "class"):
        args = (receiver, *args[1:])
    kwargs = {p.name: calls.unknown_argument(value, p) for p in value.code.parameters if p.keyword_only}
    kwargs[calls.OPEN] = Unknown(("arguments", value.chunk))
    _annotated(machine, path, value, here)
    if receiver is not None and value.code.name == "forward":
        for argument in args[1:]:
            if isinstance(argument, Unknown):
                path.vars[("tensor", argument.token), "#likely"] = TRUE
    results: list[Path] = []
    called = calls.call_function(machine, path, value, args, kwargs, here)
    outcomes = [done for after, made in called for done in generators.force(machine, after, made)]
    for each, returned in outcomes:
        if is_returned and each.status is Status.RUN:
            _judge_returned(machine, each, returned, here)
        results.append(each)
    return results


def _annotated(machine: Machine, path: Path, function: FunctionValue, here: Source) -> None:
    """What annotations and defaults say of the parameters."""
    for parameter, default in zip(function.code.parameters, function.defaults, strict=False):
        argument = calls.unknown_argument(function, parameter)
        annotation = parameter.annotation or _named(machine, parameter, default)
        if evidence.is_tensor(annotation):
            torch_ops.materialise(path, argument, here, parameter.name)
        elif evidence.may_be_tensor(annotation):
            path.vars[("tensor", argument.token), "#likely"] = TRUE
        elif evidence.is_tensor(evidence.element(annotation)):
            path.vars[("tensor", argument.token), "#elements"] = TRUE
        if isinstance(default, Const) and isinstance(default.value, bool):
            machine.unlikely[argument.token] = not default.value


def _named(machine: Machine, parameter: Parameter, default: Value | None) -> str | None:
    """The annotation that a parameter without one would have, by what the project says of its name.

    A default says more than a name: what is a number, a flag or a string where nothing is passed is no tensor where something is.
    """
    if parameter.kind or parameter.name in ("self", "cls") or not (default is None or default == NONE):
        return None
    if not any(fnmatchcase(parameter.name, pattern) for pattern in machine.world.tensor_names()):
        return None
    return "Tensor" if default is None else "Tensor | None"


def _said(machine: Machine, path: Path, function: FunctionValue, argument: Value, here: Source) -> Value:
    """An argument whose annotation names a dataclass or named tuple is one, its fields unknown."""
    if not isinstance(argument, Unknown):
        return argument
    name = argument.token[2] if isinstance(argument.token, tuple) and len(argument.token) == 3 else ""
    text = next((p.annotation for p in function.code.parameters if p.name == name), None) or ""
    text = text.strip("\"'")
    cls = names.load_global(machine, path, function.file, text) if text.isidentifier() else None
    if not isinstance(cls, ClassValue):
        return argument
    fields = {field: Unknown(("field", argument.token, field)) for field in data_classes.fields_of(path, cls)}
    for field, annotation in data_classes.fields_of(path, cls).items():
        if evidence.is_tensor(annotation):
            torch_ops.materialise(path, fields[field], here, field)
    if data_classes.is_named_tuple(cls):
        return TupleValue(tuple(fields.values()), tuple(fields), cls)
    if not data_classes.is_dataclass(path, cls):
        return argument
    made = Instance(path.new_id(), cls)
    for field, value in fields.items():
        classes.set_attribute(machine, path, made, field, value, here, "")
    return made


@dataclass(frozen=True, slots=True)
class Before:
    """What there was when a function was called: the next object number, and the variables."""

    next_id: int
    variables: LayeredMap[tuple[Hashable, str], Value]


def with_uncalled(machine: Machine, paths: list[Path], scope: Hashable | Before, here: Source) -> list[Path]:
    """The paths, and what comes of the functions that nobody called, in the state that the first of them left.

    ``scope``: the environment of a module, of which those count that have no chunk of their own; or what there was
    before a function's run, of which all count that were defined since.
    """
    start = next((path for path in paths if path.status is Status.RUN), None)
    if start is None or machine.spent():
        return paths
    results = list(paths)
    for receiver, function in _uncalled(machine, start, scope)[:MAX_UNCALLED]:
        if id(function.code) in machine.entered or machine.spent():
            continue
        path = start.fork()
        path.log = None
        for state, value in _bound(machine, path, receiver, function, here):
            state.log = None
            results.extend(_call(machine, state, value, here))
    return results


def _uncalled(
    machine: Machine, path: Path, scope: Hashable | Before
) -> list[tuple[ClassValue | None, FunctionValue]]:
    held = path.vars.since(scope.variables) if isinstance(scope, Before) else path.vars.flat()
    owners = {value.env: value for value in held.values() if isinstance(value, ClassValue)}
    found: dict[int, tuple[ClassValue | None, FunctionValue]] = {}
    for (env, name), value in held.items():
        if not isinstance(value, FunctionValue) or value.code.is_lambda or id(value.code) in machine.entered:
            continue
        owner = owners.get(env)
        if (owner is not None and name.startswith("__")) or told.is_told(value.file):
            continue
        if isinstance(scope, Before):
            new = isinstance(value.env, int) and is_made_since(value.env, scope.next_id)
        else:
            at_module = env == scope or owner is not None
            new = at_module and value.env is None and not isinstance(value.code.body, ChunkId)
        if new:
            found.setdefault(id(value.code), (owner, value))
    return list(found.values())


def _bound(
    machine: Machine, path: Path, receiver: ClassValue | None, function: FunctionValue, here: Source
) -> list[tuple[Path, Value]]:
    if receiver is None:
        path.vars[("root",), "self"] = Unknown(("no receiver",))
        del path.vars[("root",), "self"]
        return [(path, function)]
    found = classes.find_member(path, mro(receiver), "__init__")
    args: tuple[Value, ...] = ()
    if found is not None and isinstance(found[0], FunctionValue):
        args = unknown_arguments(found[0])[1:]
    made = classes.instantiate(machine, path, receiver, calls.Call(receiver, args, {}, here))
    bound: list[tuple[Path, Value]] = []
    for each, obj in made[:1]:
        if each.status is Status.RUN:
            each.vars[("root",), "self"] = obj
            bound.append((each, replace(function, owner=receiver)))
    return bound


def _judge_returned(machine: Machine, path: Path, value: Value, here: Source) -> None:
    """Would a backward through what is returned work? The graph may be broken already."""
    roots = [oid for oid in _returned_tensors(path, value) if path.heap.get(oid) is not None]
    graph = tuple(oid for oid in roots if path.tensor(oid).requires_grad is not Tri.NO)
    for oid in graph:
        source = Source(Span(here.place.chunk, 0, 0), ())
        if path.status is Status.RUN:
            backward.run(path, source, backward.Request((oid,), "return", real=False))


def _returned_tensors(path: Path, value: Value, depth: int = 0) -> Iterable[int]:
    if isinstance(value, TensorRef):
        yield value.oid
    elif depth < 4:
        items: tuple[Value, ...] = ()
        if isinstance(value, TupleValue):
            items = value.items
        elif isinstance(value, ListRef):
            items = path.items(value.oid).known
        elif isinstance(value, DictRef):
            items = tuple(item for _, item in path.entries(value.oid).known)
        for item in items:
            yield from _returned_tensors(path, item, depth + 1)
