"""Classes whose construction Python's library writes: dataclasses, named tuples, enumerations, containers' subclasses."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import replace
from typing import TYPE_CHECKING, TypeAlias

from gradsafe.domain.state import Path
from gradsafe.domain.values import (
    TRUE,
    ClassValue,
    Const,
    External,
    FunctionValue,
    Instance,
    TupleValue,
    Unknown,
    Value,
    const,
)
from gradsafe.interp import calls, classes, containers, evidence, torch_ops
from gradsafe.interp.bases import mro

if TYPE_CHECKING:
    from gradsafe.interp.calls import Call
    from gradsafe.interp.machine import Machine, Outcomes

Handler: TypeAlias = "Callable[[Machine, Path, Call], Outcomes | None]"
FUNCTIONS: dict[str, Handler] = {}

_ENUMS = frozenset({"Enum", "IntEnum", "StrEnum", "Flag", "IntFlag"})
_HOLDERS = frozenset({
    "builtins.dict", "builtins.list", "builtins.set", "collections.OrderedDict", "collections.defaultdict",
    "collections.deque", "collections.UserDict", "collections.UserList", "collections.Counter", "typing.Dict",
    "typing.List", "typing.TypedDict", "typing_extensions.TypedDict",
})  # fmt: skip
_RECORDS = frozenset({"types.SimpleNamespace", "argparse.Namespace", "easydict.EasyDict"})
_MADE_BY_FIELDS = frozenset({"pydantic.BaseModel"})


def library(*names: str) -> Callable[[Handler], Handler]:
    """Register what a function of the standard library does, by its dotted names."""

    def register(handler: Handler) -> Handler:
        for name in names:
            FUNCTIONS[name] = handler
        return handler

    return register


# -- fields


def note_field(path: Path, env: Hashable, name: str, annotation: str) -> None:
    """An annotated name of a class body."""
    known = path.vars.get((env, "#fields"))
    items = known.items if isinstance(known, TupleValue) else ()
    pair = TupleValue((const(name), const(annotation)))
    path.vars[env, "#fields"] = TupleValue((*items, pair))


def fields_of(path: Path, cls: ClassValue) -> dict[str, str]:
    """The annotated fields of a class and its bases with their annotations, the bases' first."""
    found: dict[str, str] = {}
    for each in reversed(mro(cls)):
        held = path.vars.get((each.env, "#fields")) if isinstance(each, ClassValue) else None
        for pair in held.items if isinstance(held, TupleValue) else ():
            if isinstance(pair, TupleValue) and all(isinstance(item, Const) for item in pair.items):
                name, annotation = (str(item.value) for item in pair.items if isinstance(item, Const))
                if "ClassVar" not in annotation:
                    found[name] = annotation
    return found


def is_dataclass(path: Path, cls: ClassValue) -> bool:
    """Is the class, or one of its bases, made by its fields?"""
    for each in mro(cls):
        if isinstance(each, ClassValue) and path.vars.get((each.env, "#dataclass")) is not None:
            return True
        if isinstance(each, External) and each.name in _MADE_BY_FIELDS:
            return True
    return False


def is_named_tuple(cls: ClassValue) -> bool:
    return any(isinstance(each, External) and each.name.endswith("NamedTuple") for each in mro(cls))


def match_arguments(path: Path, cls: Value) -> list[str]:
    """The attributes that positional patterns of a class name."""
    return list(fields_of(path, cls)) if isinstance(cls, ClassValue) else []


@library("dataclasses.dataclass", "attr.s", "attr.dataclass", "attrs.define", "attrs.frozen", "attr.define")
def _dataclass(machine: Machine, path: Path, call: Call) -> Outcomes:
    if call.args and isinstance(call.args[0], ClassValue):
        path.vars[call.args[0].env, "#dataclass"] = TRUE
        return [(path, call.args[0])]
    return [(path, External("dataclasses.dataclass"))]


@library("dataclasses.field", "attr.ib", "attrs.field", "pydantic.Field")
def _field(machine: Machine, path: Path, call: Call) -> Outcomes:
    made = Instance(path.new_id(), "dataclasses.Field")
    default = call.kwargs.get("default", call.args[0] if call.args else None)
    factory = call.kwargs.get("default_factory", call.kwargs.get("factory"))
    for name, value in (("default", default), ("default_factory", factory)):
        if value is not None:
            path.vars[made.oid, name] = value
    return [(path, made)]


def construct(machine: Machine, path: Path, obj: Instance, cls: ClassValue, call: Call) -> Outcomes:
    """The ``__init__`` that ``@dataclass`` writes, then ``__post_init__``."""
    names = fields_of(path, cls)
    given = dict(zip(names, call.args, strict=False)) | dict(call.kwargs)
    for name, annotation in names.items():
        value = given.get(name)
        if value is None:
            value = _default(machine, path, cls, name, call)
        if value is None:
            value = Unknown(("field", obj.oid, name))
        if isinstance(value, Unknown) and evidence.is_tensor(annotation):
            torch_ops.materialise(path, value, call.source, name)
        classes.set_attribute(machine, path, obj, name, value, call.source, "")
    outcomes = calls.call_method(machine, path, obj, "__post_init__", (), call.source)
    return [(each, obj) for each, _ in outcomes] if outcomes is not None else [(path, obj)]


def _default(machine: Machine, path: Path, cls: ClassValue, name: str, call: Call) -> Value | None:
    found = classes.find_member(path, mro(cls), name)
    if found is None:
        return None
    value = found[0]
    if not (isinstance(value, Instance) and value.cls == "dataclasses.Field"):
        return value
    factory = path.vars.get((value.oid, "default_factory"))
    if factory is None:
        return path.vars.get((value.oid, "default"))
    made = calls.call(machine, path, replace(call, function=factory, args=(), kwargs={}))
    return made[0][1] if len(made) == 1 else Unknown(("field", name, path.new_id()))


@library("dataclasses.replace")
def _replace(machine: Machine, path: Path, call: Call) -> Outcomes | None:
    from gradsafe.interp import copying

    if not call.args or not isinstance(call.args[0], Instance):
        return None
    twin = copying.copy(path, call.args[0], False, call.source)
    for name, value in call.kwargs.items():
        classes.set_attribute(machine, path, twin, name, value, call.source, "")
    return [(path, twin)]


@library("dataclasses.asdict", "dataclasses.astuple")
def _as_container(machine: Machine, path: Path, call: Call) -> Outcomes | None:
    if len(call.args) != 1 or not isinstance(call.args[0], Instance):
        return None
    obj = call.args[0]
    pairs = [(name, path.vars.get((obj.oid, name))) for name in classes.attribute_names(path, obj.oid)]
    known = tuple((const(name), value) for name, value in pairs if value is not None)
    if isinstance(call.function, External) and call.function.name.endswith("astuple"):
        return [(path, TupleValue(tuple(value for _, value in known)))]
    return [(path, containers.new_dict(path, known))]


# -- named tuples


@library("collections.namedtuple", "typing.NamedTuple")
def _namedtuple(machine: Machine, path: Path, call: Call) -> Outcomes | None:
    listed = call.argument(1, "field_names") or call.argument(1, "fields")
    names = _field_names(path, listed)
    if names is None:
        return None
    title = call.args[0] if call.args else None
    name = title.value if isinstance(title, Const) and isinstance(title.value, str) else "namedtuple"
    cls = ClassValue(
        name, path.new_id(), path.frame.file, path.frame.chunk, (External("typing.NamedTuple"),), ()
    )
    defaults = containers.elements(path, call.kwargs["defaults"]) if "defaults" in call.kwargs else ()
    for field in names:
        note_field(path, cls.env, field, "")
    for field, value in zip(names[len(names) - len(defaults) :], defaults, strict=False):
        path.vars[cls.env, field] = value
    return [(path, cls)]


def _field_names(path: Path, listed: Value | None) -> list[str] | None:
    if isinstance(listed, Const) and isinstance(listed.value, str):
        return listed.value.replace(",", " ").split()
    if listed is None:
        return None
    found = []
    for item in containers.elements(path, listed):
        first = item.items[0] if isinstance(item, TupleValue) and item.items else item
        if not (isinstance(first, Const) and isinstance(first.value, str)):
            return None
        found.append(first.value)
    return found


def make_tuple(path: Path, cls: ClassValue, call: Call) -> TupleValue:
    """``Out(logits, hidden)`` of a named tuple."""
    names = tuple(fields_of(path, cls))
    given = dict(zip(names, call.args, strict=False)) | dict(call.kwargs)
    items = []
    for name in names:
        value = given.get(name)
        if value is None:
            default = path.vars.get((cls.env, name))
            value = default if default is not None else Unknown(("field", call.source.place, name))
        items.append(value)
    return TupleValue(tuple(items), names, cls)


def tuple_attribute(path: Path, value: TupleValue, name: str) -> Value | None:
    """An attribute of a named tuple that is no method of its class."""
    if name in value.fields:
        return value.items[value.fields.index(name)]
    if name == "_fields":
        return TupleValue(tuple(const(field) for field in value.fields))
    return None


def tuple_method(path: Path, value: TupleValue, name: str, call: Call) -> Value | None:
    """``_replace`` and ``_asdict``."""
    if name == "_replace":
        pairs = zip(value.fields, value.items, strict=True)
        return replace(value, items=tuple(call.kwargs.get(field, item) for field, item in pairs))
    if name == "_asdict":
        pairs = zip(value.fields, value.items, strict=True)
        return containers.new_dict(path, tuple((const(field), item) for field, item in pairs))
    return None


# -- enumerations


def is_enum(cls: ClassValue) -> bool:
    return any(
        isinstance(each, External) and each.name.rpartition(".")[2] in _ENUMS and "enum" in each.name
        for each in mro(cls)
    )


def finish_enum(path: Path, cls: ClassValue) -> None:
    """Each value that the body of an enumeration assigned becomes a member."""
    members: list[Value] = []
    for (env, name), value in list(path.vars.flat().items()):
        if env != cls.env or name.startswith(("_", "#")) or isinstance(value, FunctionValue):
            continue
        if isinstance(value, Unknown) and isinstance(value.token, tuple) and value.token[:1] == ("auto",):
            value = const(len(members) + 1)
        member = Instance(path.new_id(), cls)
        path.vars[member.oid, "name"] = const(name)
        path.vars[member.oid, "value"] = value
        path.vars[cls.env, name] = member
        members.append(member)
    path.vars[cls.env, "#members"] = TupleValue(tuple(members))


def members(path: Path, cls: ClassValue) -> tuple[Value, ...] | None:
    """The members of an enumeration, in order; None for another class."""
    held = path.vars.get((cls.env, "#members"))
    return held.items if isinstance(held, TupleValue) else None


def member_of(path: Path, cls: ClassValue, key: Value, by: str) -> Value:
    """``Mode("train")`` and ``Mode["TRAIN"]``."""
    for member in members(path, cls) or ():
        if member == key or (isinstance(member, Instance) and path.vars.get((member.oid, by)) == key):
            return member
    return Unknown(("member", cls.env, key))


@library("enum.auto")
def _auto(machine: Machine, path: Path, call: Call) -> Outcomes:
    return [(path, Unknown(("auto", path.new_id())))]


def plain_value(path: Path, value: Value) -> Value:
    """The number or string that a member of an ``IntEnum`` or ``(str, Enum)`` is; other values as they are."""
    if not (isinstance(value, Instance) and isinstance(value.cls, ClassValue)):
        return value
    held = path.vars.get((value.oid, "value")) if members(path, value.cls) is not None else None
    if not isinstance(held, Const):
        return value
    for each in mro(value.cls):
        name = each.name.rpartition(".")[2] if isinstance(each, External) else ""
        if name in ("str", "int", "IntEnum", "StrEnum"):
            return held
    return value


# -- records and holders


@library(*_RECORDS)
def _record(machine: Machine, path: Path, call: Call) -> Outcomes:
    name = call.function.name if isinstance(call.function, External) else "types.SimpleNamespace"
    made = Instance(path.new_id(), name)
    pairs = dict(containers.string_entries(path, call.args[0])) if call.args else {}
    for field, value in (pairs | dict(call.kwargs)).items():
        classes.set_attribute(machine, path, made, field, value, call.source, "")
    return [(path, made)]


def has_only_its_own(obj: Instance) -> bool:
    """Is an object of this outside class known to have no attribute but those that were set?"""
    return isinstance(obj.cls, str) and obj.cls in _RECORDS


def hold(machine: Machine, path: Path, obj: Instance, base: str, call: Call) -> bool:
    """An object of a subclass of ``dict`` or ``list`` holds one."""
    if base not in _HOLDERS:
        return False
    name = (
        base.replace("typing.", "builtins.")
        .replace("User", "")
        .replace("Dict", "dict")
        .replace("List", "list")
    )
    name = "builtins.dict" if "dict" in name.lower() else name
    made = calls.call(machine, path, replace(call, function=External(name)))
    path.vars[obj.oid, "#held"] = made[0][1]
    return True


def held(path: Path, value: Value) -> Value:
    """The container that an object of a container's subclass is; other values as they are."""
    if isinstance(value, Instance):
        found = path.vars.get((value.oid, "#held"))
        return found if found is not None else value
    return value


def class_method(machine: Machine, path: Path, cls: ClassValue, name: str, call: Call) -> Outcomes | None:
    """``Out._make(values)`` of a named tuple."""
    if name == "_make" and is_named_tuple(cls) and len(call.args) == 1:
        return [(path, make_tuple(path, cls, replace(call, args=containers.elements(path, call.args[0]))))]
    return None
