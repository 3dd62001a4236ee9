"""Attributes, classes and instances as Python sees them; tensor attributes are passed on to ``tensor_api``."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import replace

from gradsafe.domain.state import Frame, Path, Status
from gradsafe.domain.values import (
    Bound,
    ClassValue,
    Const,
    External,
    FunctionValue,
    Instance,
    ModuleValue,
    Source,
    SuperValue,
    TensorRef,
    TupleValue,
    Unknown,
    Value,
    const,
)
from gradsafe.interp import calls, module_containers, modules, names, operators, tensor_api, torch_ops
from gradsafe.interp.machine import Machine, Outcomes
from gradsafe.ir import instructions as ir

_BINDINGS = {
    "staticmethod": "static", "classmethod": "class", "property": "property", "cached_property": "property",
    "torch.no_grad": "", "abstractmethod": "",
}  # fmt: skip


def defining_env(path: Path) -> Hashable:
    """The environment that a function defined now closes over: never a class body's, never a module's."""
    frame = path.frame
    if frame.kind == "function":
        return frame.env
    return frame.closure


def make_function(path: Path, i: ir.Function) -> FunctionValue:
    """A ``def`` or ``lambda`` as a value; its defaults were evaluated by the instructions before."""
    frame = path.frame
    defaults = tuple(frame.regs[p.default] if p.default is not None else None for p in i.parameters)
    qualname = f"{frame.qualname}.{i.name}" if frame.qualname else i.name
    binding = ""
    for decorator in i.decorators:
        binding = _BINDINGS.get(decorator.rpartition(".")[2], "") or binding
    return FunctionValue(i, defining_env(path), frame.file, frame.chunk, qualname, None, defaults, binding)


def make_class(machine: Machine, path: Path, i: ir.Class) -> Outcomes:
    """Run a class body; per path, the class."""
    outer = path.frame
    env = path.new_id()
    bases = tuple(outer.regs[base.reg] for base in i.bases if base.name is None)
    qualname = f"{outer.qualname}.{i.name}" if outer.qualname else i.name
    value = ClassValue(i.name, env, outer.file, outer.chunk, bases, i.body)
    frame = Frame(env, outer.file, outer.chunk, qualname, outer.stack, defining_env(path), kind="class")
    path.frame = frame
    outcomes: Outcomes = []
    paths = machine.run(path, i.body)
    for number, each in enumerate(paths):
        each.frame = outer if number == 0 else outer.copy()
        if each.status is not Status.RAISED:
            each.status = Status.RUN
        outcomes.append((each, value))
    return outcomes


def mro(cls: Value) -> list[Value]:
    """The class and its bases, nearest first; a base that comes again later keeps its later place."""
    order: list[Value] = []
    stack: list[Value] = [cls]
    seen = 0
    while stack and seen < 64:
        seen += 1
        current = stack.pop(0)
        order.append(current)
        if isinstance(current, ClassValue):
            stack = [*current.bases, *stack]
    unique: list[Value] = []
    for base in reversed(order):
        if base not in unique:
            unique.append(base)
    return list(reversed(unique))


def find_member(path: Path, classes: list[Value], name: str) -> tuple[Value, Value] | None:
    """The member and the class that has it."""
    for cls in classes:
        if isinstance(cls, ClassValue):
            found = path.vars.get((cls.env, name))
            if found is not None:
                return found, cls
    return None


_RESULT_FIELDS = {
    "values": 0, "indices": 1, "sign": 0, "logabsdet": 1, "Q": 0, "R": 1, "S": 1, "Vh": 2, "V": 2, "eigenvalues": 0,
    "eigenvectors": 1, "solution": 0, "min": 0, "max": 1, "LU": 0, "pivots": 1, "inverse": 0, "mantissa": 0, "exponent": 1,
}  # fmt: skip
"""The fields of ``torch.return_types``: ``x.max(dim=1).values``. (``U`` is first of an SVD, last of an LU: left out.)"""


def class_of(value: Instance) -> list[Value]:
    """The classes of an instance, nearest first."""
    return mro(value.cls) if isinstance(value.cls, ClassValue) else [External(value.cls)]


def get_attribute(machine: Machine, path: Path, obj: Value, name: str, source: Source) -> Outcomes:
    """``obj.name``."""
    obj = torch_ops.resolve(path, obj)
    if isinstance(obj, TensorRef):
        return tensor_api.get_attribute(machine, path, obj, name, source)
    if isinstance(obj, Instance):
        return _instance_attribute(machine, path, obj, name, source)
    if isinstance(obj, External):
        return [(path, External(f"{obj.name}.{name}"))]
    if isinstance(obj, ModuleValue):
        return [(path, _module_attribute(machine, path, obj, name))]
    if isinstance(obj, ClassValue):
        found = find_member(path, mro(obj), name)
        if found is not None:
            return [(path, _bind_to_class(found, obj))]
        external = [base for base in mro(obj) if isinstance(base, External)]
        if name == "__name__":
            return [(path, const(obj.name))]
        if external:
            return [(path, Bound(obj, name))]
        return [(path, Unknown(("attr", obj.env, name)))]
    if isinstance(obj, SuperValue):
        return [(path, _super_attribute(path, obj, name))]
    if isinstance(obj, Unknown) and torch_ops.is_tensor_like(machine, path, obj, name):
        tensor = torch_ops.materialise(path, obj, source)
        if isinstance(tensor, TensorRef):
            return tensor_api.get_attribute(machine, path, tensor, name, source)
    if isinstance(obj, Unknown):
        own = path.vars.get((("attributes", obj.token), name))
        return [(path, own if own is not None else Unknown(("attr", obj.token, name)))]
    if isinstance(obj, TupleValue) and _RESULT_FIELDS.get(name, len(obj.items)) < len(obj.items):
        return [(path, obj.items[_RESULT_FIELDS[name]])]
    if isinstance(obj, FunctionValue) and name in ("__name__", "__qualname__"):
        return [(path, const(obj.qualname))]
    if isinstance(obj, Bound) and isinstance(obj.function, str) and isinstance(obj.receiver, Unknown):
        return [(path, Unknown(("attr", obj.receiver.token, obj.function, name)))]
    return [(path, Bound(obj, name))]


def _bind_to_class(found: tuple[Value, Value], cls: ClassValue) -> Value:
    member, owner = found
    if isinstance(member, FunctionValue):
        member = replace(member, owner=owner if isinstance(owner, ClassValue) else None)
        if member.binding == "class":
            return Bound(cls, member)
    return member


def _module_attribute(machine: Machine, path: Path, obj: ModuleValue, name: str) -> Value:
    value = names.load_global(machine, path, obj.file, name)
    if isinstance(value, Unknown):
        submodule = machine.world.find_module(obj.file, name, 1)
        if submodule is not None:
            return ModuleValue(submodule)
    return value


def _instance_attribute(machine: Machine, path: Path, obj: Instance, name: str, source: Source) -> Outcomes:
    own = path.vars.get((obj.oid, name))
    if own is not None:
        return [(path, own)]
    if name == "__class__":
        return [(path, obj.cls if isinstance(obj.cls, ClassValue) else External(obj.cls))]
    found = find_member(path, class_of(obj), name)
    if found is not None:
        member, owner = found
        if not isinstance(member, FunctionValue):
            return [(path, member)]
        member = replace(member, owner=owner if isinstance(owner, ClassValue) else None)
        if member.binding == "property":
            return calls.call(machine, path, calls.Call(member, (obj,), {}, source, ""))
        if member.binding == "static":
            return [(path, member)]
        receiver: Value = obj.cls if member.binding == "class" and isinstance(obj.cls, ClassValue) else obj
        return [(path, Bound(receiver, member))]
    special = modules.attribute(machine, path, obj, name, source)
    if special is not None:
        return [(path, special)]
    inherits = any(isinstance(base, (External, Unknown)) for base in class_of(obj))
    if inherits and (name.startswith("__") or modules.has_method(machine, path, obj, name)):
        return [(path, Bound(obj, name))]
    return [(path, Unknown(("attr", obj.oid, name)))]


def _super_attribute(path: Path, obj: SuperValue, name: str) -> Value:
    receiver = obj.receiver
    order = class_of(receiver) if isinstance(receiver, Instance) else mro(receiver)
    after = order[order.index(obj.after) + 1 :] if obj.after in order else mro(obj.after)[1:]
    found = find_member(path, after, name)
    if found is not None:
        member, owner = found
        if isinstance(member, FunctionValue):
            member = replace(member, owner=owner if isinstance(owner, ClassValue) else None)
            return member if member.binding == "static" else Bound(receiver, member)
        return member
    return Bound(SuperValue(receiver, obj.after), name)


def set_attribute(
    machine: Machine, path: Path, obj: Value, name: str, value: Value, source: Source, subject: str
) -> None:
    """``obj.name = value``."""
    obj = torch_ops.resolve(path, obj)
    if isinstance(obj, TensorRef):
        tensor_api.set_attribute(machine, path, obj, name, value, source, subject)
        return
    operators.name_tensor(path, value, f"{subject}.{name}" if subject else name)
    if isinstance(obj, Instance):
        bind_attribute(path, obj, name, value)
    elif isinstance(obj, ClassValue):
        path.vars[obj.env, name] = value
    elif isinstance(obj, Unknown):
        path.vars[("attributes", obj.token), name] = value
    elif isinstance(obj, ModuleValue):
        path.vars[names.module_env(obj.file), name] = value


def bind_attribute(path: Path, obj: Instance, name: str, value: Value) -> None:
    """Set an attribute of an instance; a module set on a container is one of its children."""
    if isinstance(value, Instance) and module_containers.set_child(path, obj, const(name), value):
        return
    path.vars[obj.oid, name] = value
    remember_attribute(path, obj.oid, name)


def remember_attribute(path: Path, oid: int, name: str) -> None:
    """Keep the order in which an object got its attributes: ``parameters()`` goes by it."""
    known = path.vars.get((oid, "#attributes"))
    items = known.items if isinstance(known, TupleValue) else ()
    if not any(isinstance(item, Const) and item.value == name for item in items):
        path.vars[oid, "#attributes"] = TupleValue((*items, const(name)))


def attribute_names(path: Path, oid: int) -> list[str]:
    """The attributes of an object in the order in which they were set."""
    known = path.vars.get((oid, "#attributes"))
    return (
        [str(item.value) for item in known.items if isinstance(item, Const)]
        if isinstance(known, TupleValue)
        else []
    )


def instantiate(machine: Machine, path: Path, cls: ClassValue, call: calls.Call) -> Outcomes:
    """``cls(...)``: a new object, its ``__init__`` run."""
    obj = Instance(path.new_id(), cls)
    modules.prepare(machine, path, obj, call)
    found = find_member(path, mro(cls), "__init__")
    if found is None:
        fields = _dataclass_fields(path, cls)
        external = next((base for base in mro(cls) if isinstance(base, External)), None)
        if external is not None and not fields:
            modules.construct_base(machine, path, obj, external.name, call)
            return [(path, obj)]
        values = dict(zip(fields, call.args, strict=False)) | dict(call.kwargs)
        for name in fields:
            value = values.get(name, path.vars.get((cls.env, name)))
            set_attribute(
                machine, path, obj, name, value or Unknown(("field", obj.oid, name)), call.source, ""
            )
        return [(path, obj)]
    member, owner = found
    if not isinstance(member, FunctionValue):
        return [(path, obj)]
    method = Bound(obj, replace(member, owner=owner if isinstance(owner, ClassValue) else None))
    outcomes = calls.call(machine, path, replace(call, function=method))
    return [(each, obj) for each, _ in outcomes]


def _dataclass_fields(path: Path, cls: ClassValue) -> list[str]:
    """Annotated names of a dataclass body are not in the IR; its assigned defaults are."""
    return []
