"""Python's built-in functions, and the methods of its containers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, TypeAlias

from gradsafe.domain.state import Items, Path
from gradsafe.domain.values import (
    FALSE,
    NONE,
    TRUE,
    ClassValue,
    Const,
    DictRef,
    External,
    FunctionValue,
    Instance,
    ListRef,
    PartialValue,
    RangeValue,
    TensorRef,
    TupleValue,
    Unknown,
    Value,
    const,
)
from gradsafe.interp import calls, classes, containers, module_containers, operators, shapes, torch_ops

if TYPE_CHECKING:
    from gradsafe.interp.calls import Call
    from gradsafe.interp.machine import Machine, Outcomes

Handler: TypeAlias = "Callable[[Machine, Path, Call], Outcomes | None]"
FUNCTIONS: dict[str, Handler] = {}


def builtin(*names: str) -> Callable[[Handler], Handler]:
    """Register what a function outside the workspace does, by its dotted names."""

    def register(handler: Handler) -> Handler:
        for name in names:
            FUNCTIONS[name] = handler
        return handler

    return register


def call_external(machine: Machine, path: Path, name: str, call: Call) -> Outcomes | None:
    """A call of a built-in or standard-library function; None where it is none that we know."""
    handler = FUNCTIONS.get(name)
    return handler(machine, path, call) if handler is not None else None


@builtin("builtins.range")
def _range(machine: Machine, path: Path, call: Call) -> Outcomes | None:
    args = call.args
    if len(args) == 1:
        return [(path, RangeValue(const(0), args[0], const(1)))]
    if len(args) in (2, 3):
        return [(path, RangeValue(args[0], args[1], args[2] if len(args) == 3 else const(1)))]
    return None


@builtin("builtins.len")
def _len(machine: Machine, path: Path, call: Call) -> Outcomes | None:
    value = torch_ops.resolve(path, call.args[0]) if call.args else NONE
    if isinstance(value, TupleValue):
        return [(path, const(len(value.items)))]
    if isinstance(value, ListRef) and path.items(value.oid).rest is None:
        return [(path, const(len(path.items(value.oid).known)))]
    if isinstance(value, DictRef) and path.entries(value.oid).rest is None:
        return [(path, const(len(path.entries(value.oid).known)))]
    if isinstance(value, Const) and isinstance(value.value, str):
        return [(path, const(len(value.value)))]
    if isinstance(value, RangeValue):
        indices = containers.range_indices(value)
        if indices is not None:
            return [(path, const(len(indices)))]
    if isinstance(value, TensorRef):
        shape = path.tensor(value.oid).shape
        if shape and shape[0] is not None:
            return [(path, const(shape[0]))]
        return [(path, Unknown(("len", value.oid)))]
    if isinstance(value, Instance):
        children = module_containers.values(path, value)
        if children is not None:
            return [(path, const(len(children)))]
        outcomes = calls.call_method(machine, path, value, "__len__", (), call.source)
        if outcomes is not None:
            return outcomes
    return [(path, Unknown(("len", value.token if isinstance(value, Unknown) else value)))]


@builtin("builtins.enumerate")
def _enumerate(machine: Machine, path: Path, call: Call) -> Outcomes | None:
    start = shapes.number(call.argument(1, "start")) or 0
    found: Outcomes = []
    for each, rounds in containers.iterate(machine, path, call.args[0] if call.args else NONE, call.source):
        pairs = [
            TupleValue((const(start + n), item(each) if callable(item) else item))
            for n, item in enumerate(rounds.items)
        ]
        rest = pairs[-1] if rounds.open and pairs else None
        found.append((each, containers.new_list(each, tuple(pairs), rest, "generator")))
    return found


@builtin("builtins.zip")
def _zip(machine: Machine, path: Path, call: Call) -> Outcomes | None:
    columns: list[tuple[Value, ...]] = []
    is_open = bool(call.args)
    for value in call.args:
        found = containers.iterate(machine, path, value, call.source)
        if len(found) != 1:
            return None
        rounds = found[0][1]
        columns.append(tuple(item(path) if callable(item) else item for item in rounds.items))
        is_open = is_open and rounds.open
    rows = tuple(TupleValue(row) for row in zip(*columns, strict=False))
    return [(path, containers.new_list(path, rows, rows[-1] if is_open and rows else None, "generator"))]


@builtin("builtins.list", "builtins.tuple", "builtins.set", "builtins.sorted", "builtins.iter", "builtins.reversed",
         "collections.deque", "builtins.frozenset", "tqdm.tqdm", "tqdm", "tqdm.auto.tqdm", "tqdm.trange")  # fmt: skip
def _list(machine: Machine, path: Path, call: Call) -> Outcomes | None:
    if not call.args:
        return [(path, containers.new_list(path, ()))]
    name = call.function.name if isinstance(call.function, External) else ""
    found: Outcomes = []
    for each, rounds in containers.iterate(machine, path, call.args[0], call.source):
        items = tuple(item(each) if callable(item) else item for item in rounds.items)
        if name.endswith("reversed"):
            items = items[::-1]
        if name.endswith("tuple") and not rounds.open:
            found.append((each, TupleValue(items)))
        else:
            found.append(
                (each, containers.new_list(each, items, items[-1] if rounds.open and items else None))
            )
    return found


@builtin("builtins.dict", "collections.OrderedDict")
def _dict(machine: Machine, path: Path, call: Call) -> Outcomes | None:
    entries = tuple((const(name), value) for name, value in call.kwargs.items())
    if not call.args:
        return [(path, containers.new_dict(path, entries))]
    source = call.args[0]
    if isinstance(source, DictRef):
        old = path.entries(source.oid)
        return [(path, containers.new_dict(path, old.known + entries, old.rest))]
    pairs = [containers.elements(path, item) for item in containers.elements(path, source)]
    known = tuple((pair[0], pair[1]) for pair in pairs if len(pair) == 2)
    return [(path, containers.new_dict(path, known + entries, containers.rest_of(path, source)))]


@builtin("collections.defaultdict")
def _defaultdict(machine: Machine, path: Path, call: Call) -> Outcomes | None:
    return [(path, containers.new_dict(path, ()))]


@builtin("builtins.sum")
def _sum(machine: Machine, path: Path, call: Call) -> Outcomes | None:
    """``sum`` adds from the left, starting at 0: for tensors one ``add`` a step."""
    totals: Outcomes = [(path, call.argument(1, "start") or const(0))]
    result: Outcomes = []
    for each, rounds in containers.iterate(machine, path, call.args[0] if call.args else NONE, call.source):
        totals = [(each, totals[0][1])]
        for item in rounds.items:
            totals = [
                outcome
                for side, total in totals
                for outcome in operators.binary(
                    machine, side, "+", total, item(side) if callable(item) else item, call.source
                )
            ]
        result.extend(totals)
    return result


@builtin("builtins.isinstance")
def _isinstance(machine: Machine, path: Path, call: Call) -> Outcomes | None:
    if len(call.args) != 2:
        return None
    value = torch_ops.resolve(path, call.args[0])
    wanted = call.args[1].items if isinstance(call.args[1], TupleValue) else (call.args[1],)
    verdicts = [_is_instance(value, cls) for cls in wanted]
    if any(verdict is True for verdict in verdicts):
        return [(path, TRUE)]
    if all(verdict is False for verdict in verdicts):
        return [(path, FALSE)]
    token = value.token if isinstance(value, Unknown) else value
    return [(path, Unknown(("isinstance", token, wanted)))]


_PYTHON_TYPES = {"int": int, "float": float, "str": str, "bool": bool}


def _is_instance(value: Value, cls: Value) -> bool | None:
    if isinstance(value, Instance):
        order = classes.class_of(value)
        if cls in order:
            return True
        if isinstance(cls, External):
            from gradsafe.interp import modules

            return modules.is_subclass(order, cls.name)
        return (
            False
            if isinstance(cls, ClassValue) and all(isinstance(c, (ClassValue, External)) for c in order)
            else None
        )
    name = cls.name if isinstance(cls, External) else ""
    simple = name.rpartition(".")[2]
    if isinstance(value, TensorRef):
        return None if simple == "Parameter" else simple in ("Tensor", "object")
    if isinstance(value, ListRef):
        return simple in ("list", "Sequence", "Iterable", "object", "deque")
    if isinstance(value, TupleValue):
        return simple in ("tuple", "Sequence", "Iterable", "object")
    if isinstance(value, DictRef):
        return simple in ("dict", "Mapping", "OrderedDict", "object")
    if isinstance(value, Const) and simple in _PYTHON_TYPES:
        return isinstance(value.value, _PYTHON_TYPES[simple])
    if isinstance(value, Const):
        return False if simple else None
    return None


@builtin("builtins.getattr")
def _getattr(machine: Machine, path: Path, call: Call) -> Outcomes | None:
    if len(call.args) < 2 or not (isinstance(call.args[1], Const) and isinstance(call.args[1].value, str)):
        return None
    obj, name = call.args[0], call.args[1].value
    if len(call.args) == 3 and isinstance(obj, Instance) and _lacks(path, obj, name):
        return [(path, call.args[2])]
    return classes.get_attribute(machine, path, obj, name, call.source)


def _lacks(path: Path, obj: Instance, name: str) -> bool:
    """True if a workspace object certainly has no such attribute."""
    if path.vars.get((obj.oid, name)) is not None or classes.find_member(path, classes.class_of(obj), name):
        return False
    return all(isinstance(cls, ClassValue) for cls in classes.class_of(obj))


@builtin("builtins.hasattr")
def _hasattr(machine: Machine, path: Path, call: Call) -> Outcomes | None:
    if len(call.args) == 2 and isinstance(call.args[0], Instance) and isinstance(call.args[1], Const):
        name = str(call.args[1].value)
        if path.vars.get((call.args[0].oid, name)) is not None:
            return [(path, TRUE)]
        if _lacks(path, call.args[0], name):
            return [(path, FALSE)]
    token = tuple(arg.token if isinstance(arg, Unknown) else arg for arg in call.args)
    return [(path, Unknown(("hasattr", token)))]


@builtin("builtins.setattr")
def _setattr(machine: Machine, path: Path, call: Call) -> Outcomes | None:
    if len(call.args) == 3 and isinstance(call.args[1], Const):
        classes.set_attribute(
            machine, path, call.args[0], str(call.args[1].value), call.args[2], call.source, call.subject
        )
    return [(path, NONE)]


@builtin("builtins.super")
def _super(machine: Machine, path: Path, call: Call) -> Outcomes | None:
    if len(call.args) == 2 and isinstance(call.args[0], ClassValue):
        from gradsafe.domain.values import SuperValue

        return [(path, SuperValue(call.args[1], call.args[0]))]
    return [(path, calls.current_super(machine, path))]


@builtin("builtins.print", "warnings.warn", "logging.info", "builtins.setLevel", "gc.collect", "time.sleep")
def _ignored(machine: Machine, path: Path, call: Call) -> Outcomes | None:
    return [(path, NONE)]


_NUMBERS: Mapping[str, Callable[..., object]] = {
    "abs": abs, "max": max, "min": min, "float": float, "int": int, "round": round, "bool": bool,
}  # fmt: skip


@builtin(
    "builtins.abs",
    "builtins.max",
    "builtins.min",
    "builtins.float",
    "builtins.int",
    "builtins.round",
    "builtins.bool",
)
def _number(machine: Machine, path: Path, call: Call) -> Outcomes | None:
    name = call.function.name.rpartition(".")[2] if isinstance(call.function, External) else ""
    values = [torch_ops.resolve(path, value) for value in call.args]
    if name == "abs" and values and isinstance(values[0], TensorRef):
        return torch_ops.apply(machine, path, "Tensor.abs", values, {}, call.source)
    if name in ("max", "min") and len(values) == 2 and any(isinstance(v, TensorRef) for v in values):
        return [(path, values[0])]
    numbers = [value.value for value in values if isinstance(value, Const)]
    if values and len(numbers) == len(values) and all(isinstance(n, (int, float)) for n in numbers):
        function = _NUMBERS[name]
        try:
            result = function(*numbers) if len(numbers) > 1 or name not in ("max", "min") else numbers[0]
            return [(path, const(result))]
        except (TypeError, ValueError, OverflowError):
            pass
    tokens = tuple(value.token if isinstance(value, Unknown) else value for value in values)
    return [(path, Unknown(("int", name, tokens, path.new_id() if name == "float" else 0)))]


@builtin("builtins.next")
def _next(machine: Machine, path: Path, call: Call) -> Outcomes | None:
    """The first element, which is taken out of an iterator made here."""
    if not call.args:
        return None
    value = call.args[0]
    if isinstance(value, ListRef):
        items = path.items(value.oid)
        if items.known:
            if items.rest is None:
                path.heap[value.oid] = Items(items.known[1:], items.rest, items.shape)
            return [(path, items.known[0])]
        if items.rest is not None:
            return [(path, items.rest)]
    found: Outcomes = []
    for each, rounds in containers.iterate(machine, path, value, call.source):
        first = rounds.items[0] if rounds.items else None
        unknown = Unknown(("next", call.source.place, each.new_id()))
        found.append((each, unknown if first is None else first(each) if callable(first) else first))
    return found


@builtin("builtins.map", "builtins.filter")
def _map(machine: Machine, path: Path, call: Call) -> Outcomes | None:
    if len(call.args) != 2 or (isinstance(call.function, External) and call.function.name.endswith("filter")):
        return None
    states: list[tuple[Path, tuple[Value, ...]]] = []
    is_open = False
    for each, rounds in containers.iterate(machine, path, call.args[1], call.source):
        states.append((each, ()))
        is_open = rounds.open
        for item in rounds.items:
            following: list[tuple[Path, tuple[Value, ...]]] = []
            for side, done in states:
                argument = item(side) if callable(item) else item
                inner = replace(call, function=call.args[0], args=(argument,), kwargs={})
                following.extend((after, (*done, value)) for after, value in calls.call(machine, side, inner))
            states = following
    return [
        (side, containers.new_list(side, done, done[-1] if is_open and done else None, "generator"))
        for side, done in states
    ]


@builtin("functools.partial")
def _partial(machine: Machine, path: Path, call: Call) -> Outcomes | None:
    if not call.args:
        return None
    return [(path, PartialValue(call.args[0], call.args[1:], tuple(call.kwargs.items())))]


_IDENTITY = "functools.wraps.<locals>.decorator"


@builtin("functools.wraps", "functools.lru_cache", "functools.singledispatch")
def _decorator_factory(machine: Machine, path: Path, call: Call) -> Outcomes | None:
    """``@functools.wraps(fn)`` decorates what comes next, and never calls ``fn``; ``@lru_cache`` stands without call as well."""
    wraps = isinstance(call.function, External) and call.function.name.endswith("wraps")
    bare = not wraps and len(call.args) == 1 and isinstance(call.args[0], FunctionValue)
    return [(path, call.args[0] if bare else External(_IDENTITY))]


@builtin("typing.cast", "typing_extensions.cast", "torch.jit.annotate")
def _cast(machine: Machine, path: Path, call: Call) -> Outcomes | None:
    """``cast(Type, value)`` is its value."""
    return [(path, call.args[1])] if len(call.args) == 2 else None


@builtin(
    "torch.jit.is_scripting", "torch.jit.is_tracing", "torch.compiler.is_compiling", "torch.compiler.is_dynamo_compiling",
    "torch.compiler.is_exporting", "torch._dynamo.is_compiling", "torch.onnx.is_in_onnx_export",
    "torch.overrides.has_torch_function", "torch.overrides.has_torch_function_unary",
    "torch.overrides.has_torch_function_variadic", "torch.fx._symbolic_trace.is_fx_tracing",
)  # fmt: skip
def _eager(machine: Machine, path: Path, call: Call) -> Outcomes | None:
    """A program is judged as Python runs it: eagerly, not under a tracer or compiler."""
    return [(path, FALSE)]


@builtin(_IDENTITY, "functools.cache", "functools.update_wrapper")
def _as_it_is(machine: Machine, path: Path, call: Call) -> Outcomes | None:
    return [(path, call.args[0])] if call.args else None


@builtin("copy.deepcopy", "copy.copy")
def _copy(machine: Machine, path: Path, call: Call) -> Outcomes | None:
    from gradsafe.interp import copying

    deep = isinstance(call.function, External) and call.function.name.endswith("deepcopy")
    return [(path, copying.copy(path, call.args[0], deep, call.source) if call.args else NONE)]


@builtin("builtins.staticmethod", "builtins.classmethod", "builtins.property", "functools.cached_property")
def _binding(machine: Machine, path: Path, call: Call) -> Outcomes | None:
    return [(path, call.args[0])] if call.args else None


@builtin(
    "builtins.any",
    "builtins.all",
    "builtins.type",
    "builtins.id",
    "builtins.str",
    "builtins.repr",
    "builtins.format",
)
def _opaque(machine: Machine, path: Path, call: Call) -> Outcomes | None:
    name = call.function.name if isinstance(call.function, External) else ""
    if name == "builtins.type" and len(call.args) == 1 and isinstance(call.args[0], Instance):
        cls = call.args[0].cls
        return [(path, cls if isinstance(cls, ClassValue) else External(cls))]
    tokens = tuple(arg.token if isinstance(arg, Unknown) else arg for arg in call.args)
    return [(path, Unknown((name, tokens, path.new_id() if name in ("builtins.any", "builtins.all") else 0)))]
