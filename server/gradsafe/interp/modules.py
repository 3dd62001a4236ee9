"""``nn.Module`` and what hangs on it: construction, calls, parameters, modes; optimizers are next door."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from gradsafe.domain.state import Path, Status
from gradsafe.domain.tensors import Tensor, Tri
from gradsafe.domain.values import (
    NONE,
    TRUE,
    Bound,
    ClassValue,
    Const,
    External,
    FunctionValue,
    Instance,
    Source,
    SuperValue,
    TensorRef,
    TupleValue,
    Unknown,
    Value,
    const,
)
from gradsafe.interp import (
    autograd,
    calls,
    classes,
    command_line,
    custom_function,
    data_classes,
    distributions,
    hooks,
    module_containers,
    module_methods,
    names,
    optimizers,
    parametrizations,
    shapes,
    submodules,
    told,
    torch_ops,
)
from gradsafe.interp.bases import mro
from gradsafe.ops.entry import ModuleSpec
from gradsafe.ops.notation import OPAQUE, REQUIRED
from gradsafe.ops.specs import recurrent_states

if TYPE_CHECKING:
    from gradsafe.interp.calls import Call
    from gradsafe.interp.machine import Machine, Outcomes

_MODULE_NAMES = frozenset(
    {"Module", "LightningModule", "PreTrainedModel", "ModelMixin", "PyroModule", "GenerationMixin"}
)
_DATA = frozenset({"DataLoader", "Dataset", "TensorDataset", "Subset", "IterableDataset"})


def is_subclass(order: list[Value], name: str) -> bool | None:
    """Is an object of these classes an instance of the outside class ``name``?"""
    simple = name.rpartition(".")[2]
    for cls in order:
        if isinstance(cls, External) and (cls.name == name or cls.name.rpartition(".")[2] == simple):
            return True
    if simple == "Module":
        return is_module(order)
    if all(isinstance(cls, (ClassValue, External)) for cls in order):
        return False
    return None


def is_module(order: list[Value]) -> bool:
    """True if one of the classes is ``nn.Module`` or derives from it outside the workspace."""
    for cls in order:
        if isinstance(cls, External):
            simple = cls.name.rpartition(".")[2]
            if cls.name.startswith("torch.nn.") or simple in _MODULE_NAMES:
                return True
    return False


def is_data_source(value: Instance) -> bool:
    return isinstance(value.cls, str) and value.cls.rpartition(".")[2] in _DATA


def batch(machine: Machine, path: Path, value: Instance, source: Source) -> Value:
    """One batch of a loader: plain data without history, of unknown structure."""
    own = path.vars.get((value.oid, "#collated")) is not None or not str(value.cls).endswith("DataLoader")
    return Unknown(("loaded" if own else "batch", value.oid, path.new_id()))


def external_base(obj: Instance | SuperValue) -> str | None:
    """The first class outside the workspace among an object's classes (those after ``super()``'s)."""
    receiver = obj.receiver if isinstance(obj, SuperValue) else obj
    if isinstance(receiver, Instance):
        order = classes.class_of(receiver)
    elif isinstance(receiver, ClassValue):
        order = mro(receiver)
    else:
        return None
    return next((cls.name for cls in order if isinstance(cls, External)), None)


def prepare(machine: Machine, path: Path, obj: Instance, call: Call) -> None:
    """What every new object has before its ``__init__`` runs."""
    path.vars[obj.oid, "#made"] = Const(call.source.place, object)
    if is_module(classes.class_of(obj)):
        path.vars[obj.oid, "training"] = TRUE


def construct_external(machine: Machine, path: Path, name: str, call: Call) -> Outcomes | None:
    """``nn.Linear(...)``, ``optim.SGD(...)``, ``DataLoader(...)``: an object of a class outside the workspace."""
    optimizer = optimizers.construct(machine, path, name, call)
    if optimizer is not None:
        return [(path, optimizer)]
    for construct in (distributions.construct_external, command_line.construct_external):
        made = construct(machine, path, name, call)
        if made is not None:
            return made
    simple = name.rpartition(".")[2]
    if machine.table.module(name) is None and simple not in _DATA and not optimizers.is_scaler(name):
        return None
    obj = Instance(path.new_id(), name)
    prepare(machine, path, obj, call)
    if "collate_fn" in call.kwargs:
        path.vars[obj.oid, "#collated"] = TRUE  # batches are what this function makes of them
    construct_base(machine, path, obj, name, call)
    return [(path, obj)]


def construct_base(machine: Machine, path: Path, obj: Instance, name: str, call: Call) -> None:
    """Run the ``__init__`` of an outside class on ``obj``: its parameters, buffers and attributes."""
    if data_classes.hold(machine, path, obj, name, call) or distributions.construct(
        machine, path, obj, name, call
    ):
        return
    if optimizers.initialise(machine, path, obj, name, call):
        return
    spec = machine.table.module(name)
    if spec is None:
        return
    given = _bind_signature(spec, call)
    path.vars[obj.oid, "#spec"] = const(name)
    path.vars[obj.oid, "#made_with"] = Const(tuple(given.items()), tuple)
    if is_module([External(name)]):
        path.vars[obj.oid, "training"] = TRUE
    for attribute, source in spec.attributes.items():
        path.vars[obj.oid, attribute] = given.get(source, Unknown(("attr", obj.oid, attribute)))
        classes.remember_attribute(path, obj.oid, attribute)
    if spec.container == "recurrent":
        for argument, value in given.items():
            path.vars[obj.oid, argument] = value
            classes.remember_attribute(path, obj.oid, argument)
        names = _recurrent_names(given)
        for weight in names:
            _add_parameter(path, obj, weight, call.source, None)
        path.vars[obj.oid, "_flat_weights"] = TupleValue(tuple(path.vars[obj.oid, name] for name in names))
    elif spec.container:
        module_containers.construct(path, obj, spec.container, call)
    for state in spec.states:
        if not all(_holds(need, given) for need in state.needs):
            path.vars[obj.oid, state.name] = NONE
        elif state.role == "parameter":
            _add_parameter(path, obj, state.name, call.source, _weight_shape(spec, state.name, given))
        elif state.role == "module":
            submodules.construct(machine, path, obj, state.name, given, call)
        elif state.role == "buffer":
            dtype = "int64" if state.name == "num_batches_tracked" else "float32"
            made = Tensor(0, 0, Tri.NO, origin="made", name=state.name, dtype=dtype)
            path.vars[obj.oid, state.name] = TensorRef(
                autograd.new_tensor(path, call.source, "buffer", made, version=1)
            )
            classes.remember_attribute(path, obj.oid, state.name)


def _bind_signature(spec: ModuleSpec, call: Call) -> dict[str, Value]:
    given: dict[str, Value] = {}
    names = [name for name, _ in spec.signature if not name.startswith("*")]
    for name, default in spec.signature:
        if default is not REQUIRED and default is not OPAQUE:
            given[name] = const(default)
    given.update(zip(names, call.args, strict=False))
    given.update(call.kwargs)
    return given


def _holds(need: str, given: dict[str, Value]) -> bool:
    """Does a constructor argument let a state exist? Where it is not known, it does."""
    value = given.get(need.lstrip("!"))
    if not isinstance(value, Const):
        return True
    return bool(value.value) != need.startswith("!")


def _add_parameter(
    path: Path, obj: Instance, name: str, source: Source, shape: tuple[int | None, ...] | None
) -> None:
    made = Tensor(0, 0, Tri.YES, origin="parameter", name=name, shape=shape, dtype="float32")
    path.vars[obj.oid, name] = TensorRef(autograd.new_tensor(path, source, "Parameter", made, version=1))
    classes.remember_attribute(path, obj.oid, name)


def _weight_shape(spec: ModuleSpec, name: str, given: dict[str, Value]) -> tuple[int | None, ...] | None:
    if spec.name.startswith("nn.Conv") and "Transpose" not in spec.name and name == "weight":
        return _conv_shape(spec, given)
    sizes = {
        ("nn.Linear", "weight"): ("out_features", "in_features"),
        ("nn.Linear", "bias"): ("out_features",),
        ("nn.Embedding", "weight"): ("num_embeddings", "embedding_dim"),
    }.get((spec.name, name))
    return tuple(shapes.number(given.get(size)) for size in sizes) if sizes else None


def _conv_shape(spec: ModuleSpec, given: dict[str, Value]) -> tuple[int | None, ...]:
    rank = int(spec.name[-2])
    kernel, groups = given.get("kernel_size"), shapes.number(given.get("groups")) or 1
    inputs = shapes.number(given.get("in_channels"))
    if isinstance(kernel, TupleValue):
        taps = tuple(shapes.number(item) for item in kernel.items)
    else:
        taps = (shapes.number(kernel),) * rank
    return (shapes.number(given.get("out_channels")), inputs // groups if inputs is not None else None, *taps)


def _recurrent_names(given: dict[str, Value]) -> list[str]:
    layers = shapes.number(given.get("num_layers")) or 1
    flags = {key: isinstance(v, Const) and bool(v.value) for key, v in given.items()}
    return list(
        recurrent_states(
            min(layers, 8),
            flags.get("bias", True),
            flags.get("bidirectional", False),
            flags.get("proj_size", False),
        )
    )


def attribute(machine: Machine, path: Path, obj: Instance, name: str, source: Source) -> Value | None:
    """Attributes that outside classes give their objects."""
    if name == "param_groups":
        return optimizers.param_groups(path, obj)
    told = custom_function.context_attribute(path, obj, name)
    if told is not None:
        return told
    child = module_containers.child(path, obj, name) or distributions.attribute(
        machine, path, obj, name, source
    )
    if child is not None:
        return child
    if optimizers.is_optimizer(path, obj) and (isinstance(obj.cls, str) or name in optimizers.METHODS):
        return Bound(obj, name)
    if is_module(classes.class_of(obj)):
        if name in ("module", "_orig_mod"):
            return obj  # `DataParallel(net)` and `torch.compile(net)` are taken for `net` itself
        return module_methods.registered(path, obj, name)
    return None


def has_method(machine: Machine, path: Path, obj: Instance, name: str) -> bool:
    """Is ``name`` a method that the outside base of a workspace object is known to have?"""
    if isinstance(obj.cls, str):
        return True
    return (
        name in module_methods.METHODS
        or (name in optimizers.METHODS and optimizers.is_optimizer(path, obj))
        or name in ("apply", "forward")
        or name in custom_function.CONTEXT_METHODS
        or (name == "start" and classes.is_a(obj, "threading.Thread"))
    )


def call_instance(machine: Machine, path: Path, obj: Instance, call: Call) -> Outcomes:
    """``module(x)``: its ``forward``, between its hooks."""
    return hooks.around_forward(machine, path, obj, call, _call_forward)


def _call_forward(machine: Machine, path: Path, obj: Instance, call: Call) -> Outcomes:
    order = classes.class_of(obj)
    found = classes.find_member(path, order, "forward") if is_module(order) else None
    found = (
        found or classes.find_member(path, order, "__call__") or classes.find_member(path, order, "forward")
    )
    own = path.vars.get((obj.oid, "forward"))
    if own is not None:
        return calls.call(machine, path, replace(call, function=own))
    if found is not None and isinstance(found[0], FunctionValue):
        member = replace(found[0], owner=found[1] if isinstance(found[1], ClassValue) else None)
        return calls.call_function(machine, path, member, (obj, *call.args), call.kwargs, call.source)
    return forward(machine, path, obj, call)


def forward(machine: Machine, path: Path, obj: Instance, call: Call) -> Outcomes:
    """The forward of an outside module class: a container's children in turn, or its line in the op table."""
    if module_containers.kind_of(path, obj) == "sequential":
        return _sequence(machine, path, module_containers.values(path, obj) or (), call)
    spec = path.vars.get((obj.oid, "#spec"))
    name = spec.value if isinstance(spec, Const) else obj.cls
    if not isinstance(name, str) or machine.table.module(name) is None:
        return calls.unknown_result(path, call)
    packed = call.args[0] if call.args else None
    if isinstance(packed, TupleValue) and packed.cls is not None and told.is_told(packed.cls.file):
        over_packed = names.load_global(machine, path, "<torch.nn>", "_over_packed")
        return calls.call(machine, path, replace(call, function=over_packed, args=(obj, *call.args)))
    made = path.vars.get((obj.oid, "#made"))
    in_place = path.vars.get((obj.oid, "inplace")) == TRUE
    declared = made.value if isinstance(made, Const) and in_place else None
    args = tuple(torch_ops.materialise(path, arg, call.source) for arg in call.args[:1]) + call.args[1:]
    read = machine.table.reads(name)
    states = {key: value for key, value in _states(path, obj).items() if key in read}
    if "parameters" in read:
        states["parameters"] = submodules.parameters(path, obj)
    parametrizations.computed(machine, path, obj, states, call)
    made_with = path.vars.get((obj.oid, "#made_with"))
    applied = torch_ops.apply(
        machine, path, name, args, {**states, **call.kwargs}, call.source, "module", call.first, declared,
        dict(made_with.value) if isinstance(made_with, Const) and isinstance(made_with.value, tuple) else None,
    )  # fmt: skip
    return applied if applied is not None else calls.unknown_result(path, call)


def _states(path: Path, obj: Instance) -> dict[str, Value]:
    """Parameters, buffers and attributes as the keywords that a module's lines in the op table ask for."""
    found: dict[str, Value] = {}
    weights: list[Value] = []
    biases: list[Value] = []
    for name in ("training", *classes.attribute_names(path, obj.oid)):
        value = path.vars.get((obj.oid, name))
        if value is not None and not isinstance(value, Instance):
            found[name] = value
    for name in classes.attribute_names(path, obj.oid):
        value = found.get(name)
        if isinstance(value, TensorRef) and "_l" in name:
            (weights if name.startswith("weight") else biases).append(value)
            del found[name]
    if weights:
        found["weight"], found["bias"] = TupleValue(tuple(weights)), TupleValue(tuple(biases))
    return found


def _sequence(machine: Machine, path: Path, children: tuple[Value, ...], call: Call) -> Outcomes:
    states: Outcomes = [(path, call.args[0] if call.args else NONE)]
    for number, child in enumerate(children):
        following: Outcomes = []
        first = call.first if number == 0 else ""  # only the first child gets what the source calls the input
        for each, value in states:
            if each.status is not Status.RUN:
                following.append((each, value))
                continue
            inner = replace(call, function=child, args=(value,), kwargs={}, first=first)
            following.extend(calls.call(machine, each, inner))
        states = following
    return states


def call_method(
    machine: Machine, path: Path, receiver: Instance | SuperValue, name: str, call: Call
) -> Outcomes:
    """A method that the workspace does not define: of ``nn.Module``, an optimizer, a context ..."""
    obj = receiver.receiver if isinstance(receiver, SuperValue) else receiver
    base = external_base(receiver)
    if isinstance(obj, Instance):
        if name == "__init__":
            if base is not None:
                construct_base(machine, path, obj, base, call)
            return [(path, NONE)]
        if name in ("forward", "__call__"):
            return forward(machine, path, obj, call)
        for handler in (
            optimizers.call_method, custom_function.call_context, hooks.call_handle, module_methods.call_method,
            distributions.call_method, command_line.call_method,
        ):  # fmt: skip
            outcomes = handler(machine, path, obj, name, call)
            if outcomes is not None:
                return outcomes
    return calls.unknown_result(path, call)


def call_class_method(machine: Machine, path: Path, cls: ClassValue, name: str, call: Call) -> Outcomes:
    """``Function.apply(...)`` and other inherited class methods; ``nn.Module.forward(self, x)``."""
    if name == "apply" and any(isinstance(b, External) and b.name.endswith("Function") for b in mro(cls)):
        return custom_function.apply(machine, path, cls, call)
    if name == "__init__" and call.args and isinstance(call.args[0], Instance):
        rest = replace(call, args=call.args[1:])
        return call_method(machine, path, call.args[0], name, rest)
    return calls.unknown_result(path, call)


def walk(
    path: Path, obj: Instance, prefix: str = "", seen: set[int] | None = None
) -> Iterator[tuple[str, Instance]]:
    """The module and its submodules, outermost first, each once, with their dotted names."""
    seen = set() if seen is None else seen
    if obj.oid in seen:
        return
    seen.add(obj.oid)
    yield prefix, obj
    for name, value in named_attributes(path, obj):
        if isinstance(value, Instance):
            yield from walk(path, value, f"{prefix}.{name}" if prefix else name, seen)


def named_attributes(path: Path, obj: Instance) -> list[tuple[str, Value]]:
    """What is registered on a module: its own attributes in order, then a container's children."""
    found = [
        (name, value) for name in classes.attribute_names(path, obj.oid)
        if (value := path.vars.get((obj.oid, name))) is not None
    ]  # fmt: skip
    found += module_containers.named(path, obj)
    return found


def named_tensors(path: Path, obj: Instance, keep: Callable[[Tensor], bool]) -> list[tuple[str, TensorRef]]:
    """Parameters (or buffers) of a module and its submodules, each tensor once."""
    found: dict[int, str] = {}
    for prefix, module in walk(path, obj):
        for name, value in named_attributes(path, module):
            if isinstance(value, TensorRef) and value.oid not in found and keep(path.tensor(value.oid)):
                found[value.oid] = f"{prefix}.{name}" if prefix else name
    return [(name, TensorRef(oid)) for oid, name in found.items()]


def is_parameter(tensor: Tensor) -> bool:
    return tensor.origin == "parameter"
