"""Python's built-in functions, and the methods of its containers."""

from __future__ import annotations

import builtins
from collections.abc import Callable, Mapping
from types import FunctionType
from typing import TYPE_CHECKING, TypeAlias

from gradsafe.domain.state import Path
from gradsafe.domain.values import (
    FALSE,
    NONE,
    TRUE,
    Bound,
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
from gradsafe.interp import (
    attribute_dict,
    calls,
    classes,
    containers,
    data_classes,
    module_containers,
    operators,
    renewing,
    stand_ins,
    torch_ops,
)
from gradsafe.interp.bases import mro

if TYPE_CHECKING:
    from gradsafe.interp.calls import Call
    from gradsafe.interp.machine import Machine, Outcomes

Handler: TypeAlias = "Callable[[Machine, Path, Call], Outcomes | None]"
FUNCTIONS: dict[str, Handler] = {}


def builtin(*names: str, needs: int = 0) -> Callable[[Handler], Handler]:
    """Register what a function outside the workspace does, by its dotted names.

    With fewer than ``needs`` positional arguments (``max(*size)`` of an unknown size) nothing is known of the result.
    """

    def register(handler: Handler) -> Handler:
        def given_enough(machine: Machine, path: Path, call: Call) -> Outcomes | None:
            return handler(machine, path, call) if len(call.args) >= needs else None

        for name in names:
            assert name not in FUNCTIONS, f"{name} is registered already"
            FUNCTIONS[name] = given_enough if needs else handler
        return handler

    return register


def call_external(machine: Machine, path: Path, name: str, call: Call) -> Outcomes | None:
    """A call of a built-in or standard-library function; None where it is none that we know."""
    handler = FUNCTIONS.get(name) or data_classes.FUNCTIONS.get(name)
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
    if isinstance(value, ClassValue):
        return [(path, const(len(data_classes.members(path, value) or ())))]
    value = data_classes.held(path, value)
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


@builtin("builtins.isinstance")
def _isinstance(machine: Machine, path: Path, call: Call) -> Outcomes | None:
    if len(call.args) != 2:
        return None
    value = torch_ops.resolve(path, call.args[0])
    wanted = call.args[1].items if isinstance(call.args[1], TupleValue) else (call.args[1],)
    if isinstance(value, Instance) and data_classes.held(path, value) != value:
        by_content = [is_instance(data_classes.held(path, value), cls) for cls in wanted]
        if any(verdict is True for verdict in by_content):
            return [(path, TRUE)]
    verdicts = [is_instance(value, cls) for cls in wanted]
    if any(verdict is True for verdict in verdicts):
        return [(path, TRUE)]
    if all(verdict is False for verdict in verdicts):
        return [(path, FALSE)]
    token = value.token if isinstance(value, Unknown) else value
    return [(path, Unknown(("isinstance", token, wanted)))]


_PYTHON_TYPES: Mapping[str, type | tuple[type, ...]] = {
    "int": int, "float": float, "str": str, "bool": bool, "bytes": bytes, "complex": complex, "NoneType": type(None),
    "Number": (int, float, complex), "Real": (int, float), "Integral": int, "Sequence": str, "Iterable": str,
}  # fmt: skip
_SEQUENCE = frozenset(
    {"Sequence", "MutableSequence", "Iterable", "Collection", "Sized", "Container", "object"}
)
_LIST, _TUPLE = _SEQUENCE | {"list"}, _SEQUENCE | {"tuple"}
_OTHER = ("deque", "set", "frozenset", "Set")


def is_instance(value: Value, cls: Value) -> bool | None:
    """``isinstance(value, cls)``; None where it is not known."""
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
    if not simple and not isinstance(cls, ClassValue):
        return None
    if isinstance(value, TensorRef):
        return None if simple == "Parameter" else simple in ("Tensor", "Variable", "object")
    if isinstance(value, ListRef):
        return simple in _LIST if simple not in _OTHER else simple in ("deque", "set") or None
    if isinstance(value, TupleValue):
        return value.cls == cls if isinstance(cls, ClassValue) else simple in _TUPLE
    if isinstance(value, DictRef):
        return simple in (
            "dict",
            "Mapping",
            "MutableMapping",
            "OrderedDict",
            "object",
            "Iterable",
            "Sized",
            "Collection",
        )
    if isinstance(value, (FunctionValue, Bound)):
        return simple in ("Callable", "FunctionType", "MethodType", "LambdaType", "object")
    if isinstance(value, Const) and simple in _PYTHON_TYPES:
        return isinstance(value.value, _PYTHON_TYPES[simple])
    if isinstance(value, Const):
        return simple == "object"
    return None


@builtin("builtins.getattr")
def _getattr(machine: Machine, path: Path, call: Call) -> Outcomes | None:
    if len(call.args) < 2 or not (isinstance(call.args[1], Const) and isinstance(call.args[1].value, str)):
        return None
    obj, name = call.args[0], call.args[1].value
    if len(call.args) == 3:
        has = _has(path, obj, name)
        if has is False:
            return [(path, call.args[2])]
        if has is None and isinstance(obj, Unknown):
            found = path.vars.get((("attributes", obj.token), name))
            if found is None and path.vars.get((("tensor", obj.token), "#ref")) is None:
                return [(path, Unknown(("attr", obj.token, name)))]
    return classes.get_attribute(machine, path, obj, name, call.source)


def _has(path: Path, obj: Value, name: str) -> bool | None:
    """Has a value this attribute? None where that is not known."""
    obj = torch_ops.resolve(path, obj)
    if isinstance(obj, Instance):
        if path.vars.get((obj.oid, name)) is not None:
            return True
        if data_classes.has_only_its_own(obj):
            return False
        order = classes.class_of(obj)
        if classes.find_member(path, order, name) is not None:
            return True
        known = all(isinstance(cls, ClassValue) or _is_plain(cls) for cls in order)
        if known and classes.find_member(path, order, "__getattr__") is None:
            return name in _OBJECT
        return None
    if isinstance(obj, TupleValue) and obj.cls is not None:
        return name in obj.fields or hasattr(tuple, name)
    if isinstance(obj, Const):
        return hasattr(obj.value, name)
    if isinstance(obj, (ListRef, DictRef, TupleValue)):
        kinds = {ListRef: (list, set), DictRef: (dict,), TupleValue: (tuple,)}[type(obj)]
        verdicts = {hasattr(kind, name) for kind in kinds}
        return verdicts.pop() if len(verdicts) == 1 else None
    if isinstance(obj, ClassValue):
        if classes.find_member(path, mro(obj), name) is not None:
            return True
        return None if any(not isinstance(cls, ClassValue) for cls in mro(obj)) else name in _OBJECT
    if isinstance(obj, (FunctionValue, Bound)):
        code = obj if isinstance(obj, FunctionValue) else obj.function
        if isinstance(code, FunctionValue):
            return path.vars.get((classes.function_key(code), name)) is not None or name in _FUNCTION
    return None


_OBJECT = frozenset(dir(object)) | {"__dict__", "__module__"}
_FUNCTION = frozenset(dir(FunctionType))


def _is_plain(cls: Value) -> bool:
    return isinstance(cls, External) and cls.name in (
        "builtins.object",
        "abc.ABC",
        "typing.Generic",
        "typing.Protocol",
    )


@builtin("builtins.hasattr")
def _hasattr(machine: Machine, path: Path, call: Call) -> Outcomes | None:
    if len(call.args) == 2 and isinstance(call.args[1], Const):
        name = str(call.args[1].value)
        has = _has(path, call.args[0], name)
        if isinstance(call.args[0], External) and machine.table.canonical(f"{call.args[0].name}.{name}"):
            has = True  # `hasattr(F, "scaled_dot_product_attention")`: the table is that of one version of torch
        if has is not None:
            return [(path, TRUE if has else FALSE)]
    token = tuple(arg.token if isinstance(arg, Unknown) else arg for arg in call.args)
    return [(path, Unknown(("hasattr", token)))]


@builtin("builtins.setattr")
def _setattr(machine: Machine, path: Path, call: Call) -> Outcomes | None:
    if len(call.args) == 3 and isinstance(call.args[1], Const):
        obj, name, value = call.args[0], str(call.args[1].value), call.args[2]
        paths = classes.assign_attribute(machine, path, obj, name, value, call.source, call.subject)
        return [(each, NONE) for each in paths]
    if len(call.args) == 3 and isinstance(obj := call.args[0], Instance) and renewing.is_own_object(obj):
        held = (path.vars.get((obj.oid, name)) for name in classes.attribute_names(path, obj.oid))
        stand_ins.perhaps_replaced(path, (value for value in held if value is not None))
    return [(path, NONE)]


@builtin("builtins.vars", needs=1)
def _vars(machine: Machine, path: Path, call: Call) -> Outcomes | None:
    obj = call.args[0]
    return [(path, attribute_dict.read(path, obj))] if isinstance(obj, Instance) else None


@builtin("builtins.delattr")
def _delattr(machine: Machine, path: Path, call: Call) -> Outcomes | None:
    if len(call.args) == 2 and isinstance(call.args[0], Instance) and isinstance(call.args[1], Const):
        key = (call.args[0].oid, str(call.args[1].value))
        if key in path.vars:
            del path.vars[key]
    return [(path, NONE)]


@builtin("builtins.callable")
def _callable(machine: Machine, path: Path, call: Call) -> Outcomes | None:
    value = torch_ops.resolve(path, call.args[0]) if call.args else NONE
    known: bool | None = None
    if isinstance(value, (FunctionValue, ClassValue, Bound, PartialValue, External)):
        known = True
    elif isinstance(value, (Const, ListRef, DictRef, TupleValue, TensorRef)):
        known = False
    elif isinstance(value, Instance):
        order = classes.class_of(value)
        known = True if classes.find_member(path, order, "__call__") is not None else None
        from gradsafe.interp import modules

        known = True if modules.is_module(order) else known
        if known is None and all(isinstance(cls, ClassValue) for cls in order):
            known = False
    if known is None:
        return [(path, Unknown(("callable", operators.token_of(value))))]
    return [(path, const(known))]


@builtin("builtins.issubclass")
def _issubclass(machine: Machine, path: Path, call: Call) -> Outcomes | None:
    if len(call.args) != 2 or not isinstance(call.args[0], ClassValue):
        return None
    order = mro(call.args[0])
    wanted = call.args[1].items if isinstance(call.args[1], TupleValue) else (call.args[1],)
    if any(cls in order for cls in wanted):
        return [(path, TRUE)]
    known = all(isinstance(cls, (ClassValue, External)) for cls in order)
    return [(path, FALSE)] if known and all(isinstance(cls, ClassValue) for cls in wanted) else None


@builtin("builtins.super")
def _super(machine: Machine, path: Path, call: Call) -> Outcomes | None:
    if len(call.args) == 2 and isinstance(call.args[0], ClassValue):
        from gradsafe.domain.values import SuperValue

        return [(path, SuperValue(call.args[1], call.args[0]))]
    return [(path, calls.current_super(machine, path))]


@builtin("builtins.print", "warnings.warn", "logging.info", "builtins.setLevel", "gc.collect", "time.sleep")
def _ignored(machine: Machine, path: Path, call: Call) -> Outcomes | None:
    return [(path, NONE)]


@builtin(*(f"builtins.{name}" for name, kind in vars(builtins).items()
           if isinstance(kind, type) and issubclass(kind, BaseException)))  # fmt: skip
def _exception(machine: Machine, path: Path, call: Call) -> Outcomes | None:
    """An exception object: its class says which ``except`` catches it."""
    return (
        [(path, Instance(path.new_id(), call.function.name))] if isinstance(call.function, External) else None
    )


@builtin(
    "torch.jit.is_scripting", "torch.jit.is_tracing", "torch.compiler.is_compiling", "torch.compiler.is_dynamo_compiling",
    "torch.compiler.is_exporting", "torch._dynamo.is_compiling", "torch.onnx.is_in_onnx_export",
    "torch.overrides.has_torch_function", "torch.overrides.has_torch_function_unary",
    "torch.overrides.has_torch_function_variadic", "torch.fx._symbolic_trace.is_fx_tracing",
)  # fmt: skip
def _eager(machine: Machine, path: Path, call: Call) -> Outcomes | None:
    """A program is judged as Python runs it: eagerly, not under a tracer or compiler."""
    return [(path, FALSE)]


@builtin("copy.deepcopy", "copy.copy")
def _copy(machine: Machine, path: Path, call: Call) -> Outcomes | None:
    from gradsafe.interp import copying

    deep = isinstance(call.function, External) and call.function.name.endswith("deepcopy")
    return [(path, copying.copy(path, call.args[0], deep, call.source) if call.args else NONE)]


@builtin("contextlib.ExitStack", "contextlib.AsyncExitStack")
def _exit_stack(machine: Machine, path: Path, call: Call) -> Outcomes | None:
    return [(path, Instance(path.new_id(), "contextlib.ExitStack"))]


@builtin("contextlib.closing", "contextlib.aclosing", "asyncio.run")  # a coroutine is its result already
def _last_argument(machine: Machine, path: Path, call: Call) -> Outcomes | None:
    return [(path, call.args[-1])] if call.args else None


@builtin("builtins.type", "builtins.id", "builtins.str", "builtins.repr", "builtins.format", "builtins.hash")
def _opaque(machine: Machine, path: Path, call: Call) -> Outcomes | None:
    name = call.function.name if isinstance(call.function, External) else ""
    first = call.args[0] if call.args else const("")
    if name == "builtins.type" and len(call.args) == 1:
        known = _type_of(first)
        if known is not None:
            return [(path, known)]
    if isinstance(first, Const) and isinstance(first.value, (str, int, float, bool)) and len(call.args) < 2:
        if name == "builtins.str":
            return [(path, const(str(first.value)))]
        if name == "builtins.repr":
            return [(path, const(repr(first.value)))]
    tokens = tuple(arg.token if isinstance(arg, Unknown) else arg for arg in call.args)
    return [(path, Unknown((name, tokens)))]


def _type_of(value: Value) -> Value | None:
    if isinstance(value, Instance):
        return value.cls if isinstance(value.cls, ClassValue) else External(value.cls)
    if isinstance(value, Const):
        return External(f"builtins.{value.kind.__name__}")
    if isinstance(value, DictRef):
        return External("builtins.dict")
    if isinstance(value, TupleValue):
        return value.cls or External("builtins.tuple")
    return External("torch.Tensor") if isinstance(value, TensorRef) else None
