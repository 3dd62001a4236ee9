"""The methods that every ``nn.Module`` has: parameters, modes, registration, state."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, TypeAlias

from gradsafe.domain.state import Path, Status
from gradsafe.domain.tensors import Tri
from gradsafe.domain.values import (
    FALSE,
    NONE,
    TRUE,
    ClassValue,
    Const,
    External,
    Instance,
    TensorRef,
    TupleValue,
    Unknown,
    Value,
    const,
)
from gradsafe.interp import (
    attribute_dict,
    autograd,
    calls,
    classes,
    containers,
    hooks,
    module_containers,
    modules,
    operators,
    tensor_api,
)

if TYPE_CHECKING:
    from gradsafe.domain.tensors import Tensor
    from gradsafe.interp.calls import Call
    from gradsafe.interp.machine import Machine, Outcomes

Method: TypeAlias = "Callable[[Machine, Path, Instance, Call], Value | Outcomes | None]"
METHODS: dict[str, Method] = {}
HOOKS = {
    "register_forward_hook": "forward", "register_forward_pre_hook": "before",
    "register_full_backward_hook": "backward", "register_full_backward_pre_hook": "backward of the output",
}  # fmt: skip


def method(*names: str) -> Callable[[Method], Method]:
    """Register what a method of ``nn.Module`` does; it returns a value, or outcomes where it calls user code."""

    def register(handler: Method) -> Method:
        for name in names:
            METHODS[name] = handler
        return handler

    return register


def call_method(machine: Machine, path: Path, obj: Instance, name: str, call: Call) -> Outcomes | None:
    """Carry out a method of ``nn.Module``; None where it is none, or the object is no module."""
    value = module_containers.call_method(path, obj, name, call)
    if value is not None:
        return [(path, value)]
    handler = METHODS.get(name)
    if handler is None or not modules.is_module(classes.class_of(obj)):
        return None
    result = handler(machine, path, obj, call)
    if result is None or isinstance(result, list):
        return result
    return [(path, result)]


def _is_buffer(tensor: Tensor) -> bool:
    return tensor.origin != "parameter"


@method("parameters")
def _parameters(machine: Machine, path: Path, obj: Instance, call: Call) -> Value:
    found = modules.named_tensors(path, obj, modules.is_parameter)
    return containers.new_list(path, tuple(ref for _, ref in found), shape="generator")


@method("named_parameters")
def _named_parameters(machine: Machine, path: Path, obj: Instance, call: Call) -> Value:
    found = modules.named_tensors(path, obj, modules.is_parameter)
    pairs = tuple(TupleValue((const(name), ref)) for name, ref in found)
    return containers.new_list(path, pairs, shape="generator")


@method("buffers")
def _buffers(machine: Machine, path: Path, obj: Instance, call: Call) -> Value:
    found = modules.named_tensors(path, obj, _is_buffer)
    return containers.new_list(path, tuple(ref for _, ref in found), shape="generator")


@method("named_buffers")
def _named_buffers(machine: Machine, path: Path, obj: Instance, call: Call) -> Value:
    found = modules.named_tensors(path, obj, _is_buffer)
    return containers.new_list(
        path, tuple(TupleValue((const(n), ref)) for n, ref in found), shape="generator"
    )


@method("modules")
def _modules(machine: Machine, path: Path, obj: Instance, call: Call) -> Value:
    found = tuple(module for _, module in modules.walk(path, obj))
    return containers.new_list(path, found, shape="generator")


@method("named_modules")
def _named_modules(machine: Machine, path: Path, obj: Instance, call: Call) -> Value:
    pairs = tuple(TupleValue((const(name), module)) for name, module in modules.walk(path, obj))
    return containers.new_list(path, pairs, shape="generator")


@method("children")
def _children(machine: Machine, path: Path, obj: Instance, call: Call) -> Value:
    found = tuple(value for _, value in modules.named_attributes(path, obj) if isinstance(value, Instance))
    return containers.new_list(path, found, shape="generator")


@method("named_children")
def _named_children(machine: Machine, path: Path, obj: Instance, call: Call) -> Value:
    pairs = tuple(
        TupleValue((const(name), value))
        for name, value in modules.named_attributes(path, obj)
        if isinstance(value, Instance)
    )
    return containers.new_list(path, pairs, shape="generator")


def registered(path: Path, obj: Instance, name: str) -> Value | None:
    """``module._parameters``, ``_buffers`` and ``_modules``: what is its own of each kind."""
    if name not in ("_parameters", "_buffers", "_modules"):
        return None
    found = [pair for pair in modules.named_attributes(path, obj) if _kind(path, pair[1]) == name]
    return attribute_dict.some(path, obj, found)


def _kind(path: Path, value: Value) -> str:
    if isinstance(value, TensorRef):
        return "_parameters" if modules.is_parameter(path.tensor(value.oid)) else "_buffers"
    return "_modules" if isinstance(value, Instance) and modules.is_module(classes.class_of(value)) else ""


@method("train", "eval")
def _mode(machine: Machine, path: Path, obj: Instance, call: Call) -> Value:
    evaluating = getattr(call.function, "function", "") == "eval"
    asked = call.argument(0, "mode")
    value: Value = FALSE if evaluating else asked if asked is not None else TRUE
    set_training(path, obj, value)
    return obj


def set_training(path: Path, obj: Instance, value: Value) -> None:
    """Put a module and its submodules into a mode."""
    for _, module in modules.walk(path, obj):
        path.vars[module.oid, "training"] = value


@method("to", "cuda", "cpu", "float", "double", "half", "bfloat16", "type", "to_empty", "share_memory", "compile",
        "xpu", "npu")  # fmt: skip
def _moved(machine: Machine, path: Path, obj: Instance, call: Call) -> Value:
    return obj


@method("zero_grad")
def _zero_grad(machine: Machine, path: Path, obj: Instance, call: Call) -> Value:
    refs = [ref.oid for _, ref in modules.named_tensors(path, obj, modules.is_parameter)]
    zero_grads(path, refs, call)
    return NONE


def zero_grads(path: Path, oids: list[int], call: Call) -> None:
    """``zero_grad``: gradients become None, or are zeroed in place with ``set_to_none=False``."""
    keeps = call.argument(0, "set_to_none")
    for oid in oids:
        grad = path.vars.get((oid, "grad"))
        if tensor_api.flag(keeps) is Tri.NO and keeps is not None and isinstance(grad, TensorRef):
            autograd.bump(path, call.source, grad.oid, 1, "zero_", "function")
        else:
            path.vars[oid, "grad"] = NONE


@method("requires_grad_")
def _requires_grad(machine: Machine, path: Path, obj: Instance, call: Call) -> Value:
    asked = call.argument(0, "requires_grad")
    for _, ref in modules.named_tensors(path, obj, modules.is_parameter):
        tensor_api.set_requires_grad(path, ref.oid, Tri.YES if asked is None else tensor_api.flag(asked))
    return obj


@method("state_dict")
def _state_dict(machine: Machine, path: Path, obj: Instance, call: Call) -> Value:
    """Detached tensors: storage and counter are the parameters' own."""
    found = modules.named_tensors(path, obj, lambda tensor: True)
    entries = tuple(
        (const(name), TensorRef(autograd.detach(path, call.source, ref.oid, "state_dict")))
        for name, ref in found
    )
    return containers.new_dict(path, entries)


@method("load_state_dict")
def _load_state_dict(machine: Machine, path: Path, obj: Instance, call: Call) -> Value:
    """``copy_`` into every parameter and buffer under no_grad: each counter moves by one (AUTOGRAD.md 9.28)."""
    if tensor_api.flag(call.argument(2, "assign")) is Tri.NO:
        for name, ref in modules.named_tensors(path, obj, lambda tensor: True):
            autograd.bump(path, call.source, ref.oid, 1, "load_state_dict", "function", name=name)
    return Unknown(("load_state_dict", call.source.place))


@method("register_buffer", "register_parameter", "add_module", "register_module", "__setattr__")
def _register(machine: Machine, path: Path, obj: Instance, call: Call) -> Value:
    name, value = call.argument(0, "name"), call.argument(1, "tensor")
    value = value if value is not None else call.argument(1, "param") or call.argument(1, "module")
    if isinstance(name, Const) and isinstance(name.value, str) and value is not None:
        classes.bind_attribute(path, obj, name.value, value)
        operators.name_tensor(path, value, name.value)
    return NONE


@method("items", "values", "keys")
def _dict_views(machine: Machine, path: Path, obj: Instance, call: Call) -> Outcomes | None:
    held = path.vars.get((obj.oid, "#children"))
    if held is None:
        return None
    from gradsafe.interp import container_methods

    return container_methods.call_method(
        machine, path, held, str(getattr(call.function, "function", "")), call
    )


@method("__getattr__")
def _attribute(machine: Machine, path: Path, obj: Instance, call: Call) -> Value | None:
    """``super().__getattr__(name)`` of a wrapper: what is registered, else AttributeError, where all its classes are seen."""
    name = call.args[0] if call.args else None
    if not isinstance(name, Const) or not isinstance(name.value, str):
        return None
    found = path.vars.get((obj.oid, name.value))
    if found is not None:
        return found
    seen = all(
        isinstance(cls, ClassValue) or cls == External("torch.nn.Module") for cls in classes.class_of(obj)
    )
    if not seen:
        return None
    path.status, path.raised = Status.RAISED, "AttributeError"
    return NONE


@method("apply")
def _apply(machine: Machine, path: Path, obj: Instance, call: Call) -> Outcomes:
    """``module.apply(f)``: f on every submodule, innermost first."""
    states: list[Path] = [path]
    for _, module in reversed(list(modules.walk(path, obj))):
        following: list[Path] = []
        for each in states:
            inner = replace(call, function=call.args[0] if call.args else NONE, args=(module,), kwargs={})
            following.extend(after for after, _ in calls.call(machine, each, inner))
        states = following
    return [(each, obj) for each in states]


@method(*HOOKS)
def _hook(machine: Machine, path: Path, obj: Instance, call: Call) -> Value:
    kind = HOOKS[str(getattr(call.function, "function", ""))]
    function = call.argument(0, "hook") or NONE
    return hooks.register(path, obj.oid, kind, function, call.kwargs.get("with_kwargs", FALSE))


@method("get_parameter", "get_buffer", "get_submodule")
def _get(machine: Machine, path: Path, obj: Instance, call: Call) -> Value | None:
    wanted = call.argument(0, "target")
    for name, ref in modules.named_tensors(path, obj, lambda tensor: True):
        if isinstance(wanted, Const) and wanted.value == name:
            return ref
    for name, module in modules.walk(path, obj):
        if isinstance(wanted, Const) and wanted.value == name:
            return module
    return None


@method("reset_parameters", "reset_running_stats")
def _reset(machine: Machine, path: Path, obj: Instance, call: Call) -> Value:
    """Written anew under no_grad; a norm's ``reset_parameters`` resets its statistics, too."""
    operation = str(getattr(call.function, "function", "reset_parameters"))
    for name, value in modules.named_attributes(path, obj):
        if isinstance(value, TensorRef):
            parameter = modules.is_parameter(path.tensor(value.oid))
            if operation == "reset_parameters" or not parameter:
                autograd.bump(path, call.source, value.oid, 1, operation, "method", name=name)
    return NONE


@method("log", "log_dict", "save_hyperparameters", "print")
def _lightning(machine: Machine, path: Path, obj: Instance, call: Call) -> Value:
    return NONE
