"""What a module's forward reads of the module: as further parameters of its line."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

import torch

from gradsafe.ops.match import plain
from gradsafe.ops.notation import Param
from tools.op_table.probe import label_of_state
from tools.op_table.tree import Leaf, Seen


def with_module_state(seen: Seen, module: torch.nn.Module) -> Seen:
    """Add a module's attributes, and the parameters and buffers that it lacks, to what the source tells."""
    found: dict[str, object] = {
        name: plain(value)
        for name, value in vars(module).items()
        if not name.startswith("_")
        and (isinstance(value, (bool, str, type(None))) or _is_switch(name, value))
    }
    absent = (
        name
        for group in (module._parameters, module._buffers)
        for name, value in group.items()
        if value is None
    )
    return replace(seen, literals={**found, **seen.literals, **dict.fromkeys(absent)})


def state_params(seen: Sequence[Seen], leaves: Sequence[Leaf]) -> Iterator[Param]:
    """The keyword-only parameters of a module's lines: its state, and the attributes that its conditions name."""
    count = len(seen)
    parameters: dict[str, int] = {}
    buffers: dict[str, int] = {}
    for item in seen:
        module = item.observation.call.module
        assert module is not None
        for name in dict.fromkeys(label_of_state(module, name) for name, _ in module.named_parameters()):
            parameters[name] = parameters.get(name, 0) + 1
        for name in dict(module.named_buffers()):
            buffers[name] = buffers.get(name, 0) + 1
    for kind, found in (("Parameter", parameters), ("Buffer", buffers)):
        for name, times in found.items():
            grouped = name == "parameters" or any(
                isinstance(item.observation.call.module, torch.nn.RNNBase) for item in seen
            )
            yield Param(
                name, (f"{kind}{'s' if grouped else ''}{'' if times == count else '?'}",), keyword_only=True
            )
    known = {*parameters, *buffers, *(label for item in seen for label in item.observation.labels)}
    named = dict.fromkeys(c.param for leaf in leaves for c in leaf.conditions if "." not in c.param)
    forward = {name for item in seen for name in item.kinds}
    for name in named:
        if name not in known and name not in forward and _is_attribute(name, seen):
            yield Param(name, ("any",), keyword_only=True)


def _is_attribute(name: str, seen: Sequence[Seen]) -> bool:
    return any(hasattr(item.observation.call.module, name) for item in seen)


def _is_switch(name: str, value: object) -> bool:
    """Numbers are sizes, seldom worth a condition; a probability of zero is."""
    if name == "output_size":
        return isinstance(value, int) or (
            isinstance(value, tuple) and all(type(size) is int for size in value)
        )
    return name in ("p", "momentum", "dropout", "beta", "margin", "proj_size") and isinstance(
        value, (int, float)
    )
