"""Calls of ``torch.nn`` modules, and what their constructors leave on ``self``."""

from __future__ import annotations

import copy
import inspect
from collections import defaultdict
from collections.abc import Iterator
from typing import Any

import torch
from torch.nn.modules.lazy import LazyModuleMixin
from torch.testing._internal.common_modules import module_db

from gradsafe.ops.entry import ModuleSpec, ModuleState
from tools.op_table.module_cases import cases
from tools.op_table.probe import Call
from tools.op_table.signatures import literal

MOST_INPUTS = 6
"""Inputs of one class that are taken from module_db, spread over its list."""

CONTAINERS = {"Sequential": "sequential", "ModuleList": "list", "ModuleDict": "dict"} | {
    "ParameterList": "parameters list",
    "ParameterDict": "parameters dict",
}
RECURRENT = ("RNN", "GRU", "LSTM")
"""Their constructors hide their arguments behind ``*args``; their parameters' names depend on numbers."""


def classes() -> dict[str, type[torch.nn.Module]]:
    """Every module class of ``torch.nn``."""
    found = {name: getattr(torch.nn, name) for name in sorted(dir(torch.nn))}
    return {
        name: value
        for name, value in found.items()
        if isinstance(value, type) and issubclass(value, torch.nn.Module)
    }


def lazy_names() -> dict[str, tuple[str, ...]]:
    """The classes that a lazy class becomes at its first forward -> its names."""
    lazy: dict[str, tuple[str, ...]] = defaultdict(tuple)
    for name, kind in classes().items():
        if issubclass(kind, LazyModuleMixin) and kind.cls_to_become is not None:
            lazy[kind.cls_to_become.__name__] += (name,)
    return lazy


def calls() -> Iterator[Call]:
    """Every module that can be built, in train and in eval mode, written in place where it can."""
    torch.manual_seed(0)
    for name, module, args, kwargs in _built():
        for training in (True, False):
            for changed in _in_place_variants(module):
                yield Call(f"nn.{name}", changed, args, kwargs, changed.train(training))


def _in_place_variants(module: torch.nn.Module) -> Iterator[torch.nn.Module]:
    yield _copied(module)
    if isinstance(getattr(module, "inplace", None), bool):
        other = _copied(module)
        other.inplace = not module.inplace
        yield other


def _copied(module: torch.nn.Module) -> torch.nn.Module:
    return copy.deepcopy(module)


def _built() -> Iterator[tuple[str, torch.nn.Module, tuple[Any, ...], dict[str, Any]]]:
    for name, args, kwargs, inputs in cases():
        yield name, classes()[name](*args, **kwargs), inputs(), {}
    for info in module_db:
        if info.is_lazy:
            continue
        found = info.module_inputs_func(
            info, device="cpu", dtype=torch.float32, requires_grad=False, training=True
        )
        step = max(1, len(found) // MOST_INPUTS)
        for sample in found[::step]:
            given = sample.constructor_input
            module = info.module_cls(*given.args, **given.kwargs)
            yield (
                info.name.removeprefix("nn."),
                module,
                sample.forward_input.args,
                dict(sample.forward_input.kwargs),
            )


def specs() -> Iterator[ModuleSpec]:
    """What every constructor takes and makes."""
    defaults = _constructor_arguments()
    for name, kind in classes().items():
        signature = _signature(kind)
        lazy = issubclass(kind, LazyModuleMixin)
        states: tuple[ModuleState, ...] = ()
        attributes: dict[str, str] = {}
        container = "recurrent" if name in (*RECURRENT, "RNNBase") else CONTAINERS.get(name, "")
        given = (
            None
            if name in RECURRENT
            else defaults.get(kind.cls_to_become.__name__ if lazy and kind.cls_to_become else name)
        )
        if given is not None:
            source = kind.cls_to_become if lazy and kind.cls_to_become else kind
            states = tuple(_states(source, *given))
            module = source(*given[0], **given[1])
            attributes = {
                arg: arg for arg, _ in signature if arg.isidentifier() and _is_attribute(module, arg)
            }
        forward = kind.forward is not torch.nn.Module.forward and name not in ("RNNBase", "Container")
        yield ModuleSpec(f"nn.{name}", signature, states, attributes, container, forward)


def _is_attribute(module: torch.nn.Module, name: str) -> bool:
    value = module.__dict__.get(name, ...)
    return value is not ...


def _signature(kind: type[torch.nn.Module]) -> tuple[tuple[str, object], ...]:
    if kind.__name__ in RECURRENT:
        return _recurrent_signature(kind.__name__)
    found: list[tuple[str, object]] = []
    for param in list(inspect.signature(kind.__init__).parameters.values())[1:]:
        star = "*" if param.kind is param.VAR_POSITIONAL else "**" if param.kind is param.VAR_KEYWORD else ""
        found.append((star + param.name, literal(param.default)))
    return tuple(found)


def _recurrent_signature(name: str) -> tuple[tuple[str, object], ...]:
    base = inspect.signature(torch.nn.RNNBase.__init__).parameters
    found = [(param.name, literal(param.default)) for param in list(base.values())[2:]]
    return tuple([*found[:3], ("nonlinearity", "tanh"), *found[3:]] if name == "RNN" else found)


def _constructor_arguments() -> dict[str, tuple[tuple[Any, ...], dict[str, Any]]]:
    """Constructor arguments that work, as few as can be."""
    found: dict[str, tuple[tuple[Any, ...], dict[str, Any]]] = {}
    for name, args, kwargs, _ in cases():
        found.setdefault(name, (args, kwargs))
    for info in module_db:
        name = info.name.removeprefix("nn.")
        if name in found or info.is_lazy:
            continue
        samples = info.module_inputs_func(
            info, device="cpu", dtype=torch.float32, requires_grad=False, training=True
        )
        smallest = min(samples, key=lambda s: len(s.constructor_input.args) + len(s.constructor_input.kwargs))
        found[name] = (smallest.constructor_input.args, dict(smallest.constructor_input.kwargs))
    return found


def _states(
    kind: type[torch.nn.Module], args: tuple[Any, ...], kwargs: dict[str, Any]
) -> Iterator[ModuleState]:
    base = _state_of(kind(*args, **kwargs))
    names = list(inspect.signature(kind.__init__).parameters)[1:]
    bound = dict(zip(names, args, strict=False)) | kwargs
    flags = {
        name: bound.get(name, param.default)
        for name, param in inspect.signature(kind.__init__).parameters.items()
        if isinstance(bound.get(name, param.default), bool)
    }
    toggled: dict[str, dict[str, str]] = {}
    for name, value in flags.items():
        try:
            toggled[name] = _state_of(kind(**{**bound, name: not value}))
        except Exception:
            continue
    everything = dict(base)
    for state in toggled.values():
        everything = {**state, **everything}
    for name, role in everything.items():
        needs = []
        for flag, state in toggled.items():
            if (name in base) != (name in state):
                present_if = flags[flag] if name in base else not flags[flag]
                needs.append(flag if present_if else f"!{flag}")
        yield ModuleState(name, role, tuple(needs))


def _state_of(module: torch.nn.Module) -> dict[str, str]:
    found = {name: "parameter" for name, value in module._parameters.items() if value is not None}
    found |= {name: "buffer" for name, value in module._buffers.items() if value is not None}
    return found | {name: "module" for name, value in module._modules.items() if value is not None}
