"""Attributes, classes and instances as Python sees them; tensor attributes are passed on to ``tensor_api``."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import replace

from gradsafe.domain.state import Frame, Path, Status
from gradsafe.domain.values import (
    Bound,
    ClassValue,
    Const,
    DictRef,
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
from gradsafe.interp import (
    absent,
    attribute_dict,
    bounded,
    calls,
    containers,
    data_classes,
    making,
    module_containers,
    modules,
    names,
    operators,
    renewing,
    tensor_api,
    torch_ops,
    unchecked,
)
from gradsafe.interp.bases import mro
from gradsafe.interp.machine import Machine, Outcomes
from gradsafe.ir import instructions as ir

_BINDINGS = {
    "staticmethod": "static", "classmethod": "class", "property": "property", "cached_property": "cached",
    "torch.no_grad": "", "abstractmethod": "",
}  # fmt: skip


def make_function(path: Path, i: ir.Function) -> FunctionValue:
    """A ``def`` or ``lambda`` as a value; its defaults were evaluated by the instructions before."""
    frame = path.frame
    defaults = tuple(frame.regs[p.default] if p.default is not None else None for p in i.parameters)
    qualname = f"{frame.qualname}.{i.name}" if frame.qualname else i.name
    binding = ""
    for decorator in i.decorators:
        binding = _BINDINGS.get(decorator.rpartition(".")[2], "") or binding
    return FunctionValue(
        i, names.closed_over(frame), frame.file, frame.chunk, qualname, None, defaults, binding
    )


def make_class(machine: Machine, path: Path, i: ir.Class) -> Outcomes:
    """Run a class body; per path, the class."""
    outer = path.frame
    env = path.new_id()
    bases = tuple(outer.regs[base.reg] for base in i.bases if base.name is None)
    qualname = f"{outer.qualname}.{i.name}" if outer.qualname else i.name
    value = ClassValue(i.name, env, outer.file, outer.chunk, bases, i.body)
    frame = Frame(env, outer.file, outer.chunk, qualname, outer.stack, names.closed_over(outer), kind="class")
    path.frame = frame
    outcomes: Outcomes = []
    paths = machine.run(path, i.body)
    for number, each in enumerate(paths):
        each.frame = outer if number == 0 else outer.copy()
        if each.status is not Status.RAISED:
            each.status = Status.RUN
        if data_classes.is_enum(value):
            data_classes.finish_enum(each, value)
        metaclass = next((each.frame.regs[base.reg] for base in i.bases if base.name == "metaclass"), None)
        finished = making.finish_class(machine, each, value, metaclass, each.here(i.at))
        if len(finished) != 1 or finished[0] is not each:
            outcomes.extend((after, value) for after in finished)
            continue
        found = find_member(each, mro(value)[1:], "__init_subclass__")
        if found is not None and isinstance(found[0], FunctionValue):
            given = {
                base.name: each.frame.regs[base.reg]
                for base in i.bases
                if base.name not in (None, "metaclass")
            }
            hooked = calls.call_function(machine, each, found[0], (value,), given, each.here(i.at))
            outcomes.extend((after, value) for after, _ in hooked)
            continue
        outcomes.append((each, value))
    return outcomes


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


_TENSOR_CLASSES = frozenset({"torch.nn.Parameter", "torch.nn.parameter.Parameter", "torch.Tensor"})


def class_of(value: Instance) -> list[Value]:
    """The classes of an instance, nearest first."""
    return mro(value.cls) if isinstance(value.cls, ClassValue) else [External(value.cls)]


def is_a(value: Instance, name: str) -> bool:
    """Is the class ``name`` from outside among its classes?"""
    return any(isinstance(base, External) and base.name == name for base in class_of(value))


def get_attribute(machine: Machine, path: Path, obj: Value, name: str, source: Source) -> Outcomes:
    """``obj.name``."""
    obj = torch_ops.resolve(path, obj)
    if isinstance(obj, TensorRef):
        return tensor_api.get_attribute(machine, path, obj, name, source)
    if isinstance(obj, Instance):
        return _instance_attribute(machine, path, obj, name, source)
    if isinstance(obj, External):
        if name in ("__name__", "__qualname__") and not obj.is_opaque:
            return [(path, const(obj.name.rpartition(".")[2]))]
        if absent.read(path, obj, name):
            return [(path, Unknown(("absent", name)))]
        member = names.namespace_member(machine, path, obj.name, name)
        return [(path, member if member is not None else names.outside(machine, path, f"{obj.name}.{name}"))]
    if isinstance(obj, ModuleValue):
        return [(path, _module_attribute(machine, path, obj, name))]
    if isinstance(obj, ClassValue):
        return [(path, _class_attribute(path, obj, name))]
    if isinstance(obj, SuperValue):
        return [(path, _super_attribute(path, obj, name))]
    if isinstance(obj, Unknown) and torch_ops.is_tensor_like(machine, path, obj, name):
        tensor = torch_ops.materialise(path, obj, source)
        if isinstance(tensor, TensorRef):
            return tensor_api.get_attribute(machine, path, tensor, name, source)
    if isinstance(obj, Unknown):
        own = path.vars.get((("attributes", obj.token), name))
        if own is not None:
            return [(path, own)]
        read = Unknown(("attr", obj.token, name))
        return renewing.read_again(machine, path, read, source, f"`{name}` is the same each time")
    if isinstance(obj, TupleValue) and obj.cls is not None:
        known = data_classes.tuple_attribute(path, obj, name)
        if known is not None:
            return [(path, known)]
        method = find_member(path, mro(obj.cls), name)
        if method is not None and isinstance(method[0], FunctionValue):
            if method[0].binding == "property":
                return calls.call_function(machine, path, method[0], (obj,), {}, source)
            return [(path, Bound(obj, method[0]))]
    if isinstance(obj, TupleValue) and _RESULT_FIELDS.get(name, len(obj.items)) < len(obj.items):
        return [(path, obj.items[_RESULT_FIELDS[name]])]
    if isinstance(obj, FunctionValue):
        own = path.vars.get((function_key(obj), name))
        if own is not None:
            return [(path, own)]
        if name in ("__name__", "__qualname__"):
            return [(path, const(obj.qualname))]
        if name in ("__call__", "__wrapped__"):
            return [(path, obj)]
    if isinstance(obj, Bound) and isinstance(obj.function, str) and isinstance(obj.receiver, Unknown):
        return [(path, Unknown(("attr", obj.receiver.token, obj.function, name)))]
    if absent.read(path, obj, name):
        return [(path, Unknown(("absent", name)))]
    return [(path, Bound(obj, name))]


def _class_attribute(path: Path, obj: ClassValue, name: str) -> Value:
    found = find_member(path, mro(obj), name)
    if found is not None:
        return _bind_to_class(found, obj)
    if name in ("__name__", "__qualname__"):
        return const(obj.name)
    if name == "__members__" and (members := data_classes.members(path, obj)) is not None:
        pairs = ((path.vars[each.oid, "name"], each) for each in members if isinstance(each, Instance))
        return containers.new_dict(path, tuple(pairs))
    meta = making.metaclass_of(path, obj)
    of_meta = find_member(path, mro(meta), name) if meta is not None else None
    if of_meta is not None:
        member = of_meta[0]
        return Bound(obj, member) if isinstance(member, FunctionValue) else member
    if any(isinstance(base, External) for base in mro(obj)):
        return Bound(obj, name)
    return Unknown(("attr", obj.env, name))


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
        return renewing.attribute(machine, path, obj, name, own, source)
    if name == "__class__":
        return [(path, obj.cls if isinstance(obj.cls, ClassValue) else External(obj.cls))]
    if name == "__dict__":
        return [(path, attribute_dict.read(path, obj))]
    found = find_member(path, class_of(obj), name)
    if found is not None:
        member, owner = found
        if not isinstance(member, FunctionValue):
            asked = making.described(
                machine, path, member, obj, obj.cls if isinstance(obj.cls, ClassValue) else member, source
            )
            return asked if asked is not None else [(path, member)]
        member = replace(member, owner=owner if isinstance(owner, ClassValue) else None)
        if member.binding in ("property", "cached"):
            outcomes = calls.call_function(machine, path, member, (obj,), {}, source)
            if member.binding == "cached":
                for each, value in outcomes:
                    each.vars[obj.oid, name] = value
            return outcomes
        if member.binding == "static":
            return [(path, member)]
        receiver: Value = obj.cls if member.binding == "class" and isinstance(obj.cls, ClassValue) else obj
        return [(path, Bound(receiver, member))]
    special = modules.attribute(machine, path, obj, name, source)
    if special is not None:
        return [(path, special)]
    inherits = any(isinstance(base, (External, Unknown)) for base in class_of(obj))
    if inherits and absent.read(path, obj, name):
        return [(path, Unknown(("absent", name)))]
    if inherits and (name.startswith("__") or modules.has_method(machine, path, obj, name)):
        return [(path, Bound(obj, name))]
    if path.vars.get((obj.oid, bounded.SKIPPED)) is not None:
        return [(path, Unknown(("attr", obj.oid, name)))]
    asked = calls.call_method(machine, path, obj, "__getattr__", (const(name),), source)
    if asked is None and _reads_items(path, obj):
        asked = containers.get_item(machine, path, data_classes.held(path, obj), const(name), source)
    if asked is not None:
        return asked
    if data_classes.held(path, obj) is not obj:
        return [(path, Bound(obj, name))]
    if absent.has_only_its_own(path, obj) and name not in OF_EVERY_OBJECT:
        absent.fail(path)
    return [(path, Unknown(("attr", obj.oid, name)))]


def _reads_items(path: Path, obj: Instance) -> bool:
    """``__getattr__ = dict.__getitem__`` in a subclass of ``dict``: configurations are often written so."""
    if path.vars.get((obj.oid, attribute_dict.IS_ITSELF)) is not None:
        return True
    found = find_member(path, class_of(obj), "__getattr__")
    name = found[0].name if found is not None and isinstance(found[0], External) else ""
    return name in ("builtins.dict.__getitem__", "builtins.dict.get")


OF_EVERY_OBJECT = frozenset(dir(object)) | {"__dict__", "__module__"}


def function_key(function: FunctionValue) -> Hashable:
    """Under which the attributes of a function stand."""
    return ("function", function.env, function.qualname)


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


def assign_attribute(
    machine: Machine, path: Path, obj: Value, name: str, value: Value, source: Source, subject: str
) -> list[Path]:
    """``obj.name = value``, where the object's class may say what that means."""
    if isinstance(obj, Instance):
        found = find_member(path, class_of(obj), name)
        member = found[0] if found is not None else None
        if isinstance(member, FunctionValue) and member.setter is not None:
            outcomes = calls.call_function(machine, path, member.setter, (obj, value), {}, source)
            return [each for each, _ in outcomes]
        if isinstance(member, Instance):
            outcomes_of_set = calls.call_method(machine, path, member, "__set__", (obj, value), source)
            if outcomes_of_set is not None:
                return [each for each, _ in outcomes_of_set]
        own = find_member(path, class_of(obj), "__setattr__")
        if own is not None and isinstance(own[0], FunctionValue) and path.frame.receiver != obj:
            written = replace(own[0], owner=own[1] if isinstance(own[1], ClassValue) else None)
            outcomes = calls.call_function(machine, path, written, (obj, const(name), value), {}, source)
            for each, _ in outcomes:  # however it stores the value, reading the attribute gives it
                if each.vars.get((obj.oid, name)) is None:
                    set_attribute(machine, each, obj, name, value, source, subject)
            return [each for each, _ in outcomes]
        if own is None and absent.bound_as_property(path, member, value):
            return [path]
    set_attribute(machine, path, obj, name, value, source, subject)
    return [path]


def set_attribute(
    machine: Machine, path: Path, obj: Value, name: str, value: Value, source: Source, subject: str
) -> None:
    """``obj.name = value``."""
    obj = torch_ops.resolve(path, obj)
    if isinstance(obj, TensorRef):
        tensor_api.set_attribute(machine, path, obj, name, value, source, subject)
        return
    if absent.bound(path, obj, name):
        return
    operators.name_tensor(path, value, f"{subject}.{name}" if subject else name)
    if isinstance(obj, Instance) and name == "__dict__":
        attribute_dict.replaced(path, obj, value)
    elif isinstance(obj, Instance) and _attributes_are_entries(path, obj):
        entries = data_classes.held(path, obj)
        if isinstance(entries, DictRef):
            containers.set_entry(path, entries, const(name), value)
    elif isinstance(obj, Instance):
        bind_attribute(path, obj, name, value)
        if obj.cls == unchecked.CONTEXT:
            unchecked.note(path, obj, name, torch_ops.tensors_in(path, value), source)
    elif isinstance(obj, ClassValue):
        path.vars[obj.env, name] = value
    elif isinstance(obj, Unknown):
        path.vars[("attributes", obj.token), name] = value
    elif isinstance(obj, FunctionValue):
        path.vars[function_key(obj), name] = value
    elif isinstance(obj, ModuleValue):
        names.replace_global(machine, path, obj.file, name, value)


def _attributes_are_entries(path: Path, obj: Instance) -> bool:
    """A dict that is its own ``__dict__``, or whose class says ``__setattr__ = dict.__setitem__``."""
    if path.vars.get((obj.oid, attribute_dict.IS_ITSELF)) is not None:
        return True
    found = find_member(path, class_of(obj), "__setattr__")
    return found is not None and isinstance(found[0], External) and found[0].name.endswith("dict.__setitem__")


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
    if data_classes.is_named_tuple(cls):
        return [(path, data_classes.make_tuple(path, cls, call))]
    if data_classes.is_enum(cls):
        return [
            (path, data_classes.member_of(path, cls, call.args[0] if call.args else call.function, "value"))
        ]
    made = making.instantiate(machine, path, cls, call)
    return made if made is not None else construct(machine, path, cls, call)


def construct(machine: Machine, path: Path, cls: ClassValue, call: calls.Call) -> Outcomes:
    """A new object of the class, its ``__init__`` run."""
    order = mro(cls)
    obj = Instance(path.new_id(), cls)
    modules.prepare(machine, path, obj, call)
    found = find_member(path, order, "__init__")
    external = next((base for base in order if isinstance(base, External)), None)
    if external is not None and external.name in _TENSOR_CLASSES and found is None:
        return calls.call(machine, path, replace(call, function=external))  # what its methods add is not seen
    if external is not None and found is not None:
        data_classes.hold(machine, path, obj, external.name, replace(call, args=(), kwargs={}))
    if found is not None:
        member, owner = found
        if not isinstance(member, FunctionValue):
            return [(path, obj)]
        method = Bound(obj, replace(member, owner=owner if isinstance(owner, ClassValue) else None))
        return [(each, obj) for each, _ in calls.call(machine, path, replace(call, function=method))]
    if data_classes.is_dataclass(path, cls):
        return data_classes.construct(machine, path, obj, cls, call)
    if external is not None:
        modules.construct_base(machine, path, obj, external.name, call)
    return [(path, obj)]
