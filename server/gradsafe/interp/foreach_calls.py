"""``torch._foreach_mul_(tensors, others)``: the in-place operation on each tensor, as autograd keeps its books of it.

A line of the op table tells of one node; here each tensor gets one of its own (measured on 2.13: ``MulBackward0`` of the
first, then of the second ...). Torch checks all before it writes any; here the path ends at the first that is refused, which
comes to the same.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from gradsafe.domain.state import Path, Status
from gradsafe.domain.values import NONE, External, Value
from gradsafe.interp import torch_ops

if TYPE_CHECKING:
    from gradsafe.interp.calls import Call
    from gradsafe.interp.machine import Machine, Outcomes

_IN_PLACE = re.compile(r"torch\._foreach_([a-z]\w*_)")
_WITHOUT_DERIVATIVE = frozenset({"copy_"})
"""Its node is NotImplemented: whoever differentiates it gets another error."""


def call_external(machine: Machine, path: Path, name: str, call: Call) -> Outcomes | None:
    """An in-place ``_foreach`` operation on lists that are known; None for all else."""
    matched = _IN_PLACE.fullmatch(name)
    operation = matched.group(1) if matched is not None else ""
    if not call.args or not operation or operation in _WITHOUT_DERIVATIVE:
        return None
    if machine.table.canonical(f"Tensor.{operation}") is None:
        return None  # `_foreach_maximum_`: there is no `Tensor.maximum_`
    targets = torch_ops.items_of(path, call.args[0])
    if not targets or any(torch_ops.tensors_in(path, target) == [] for target in targets):
        return None
    states = [path]
    for number, target in enumerate(targets):
        following: list[Path] = []
        for each in states:
            args = (target, *(_of_each(each, value, number, len(targets)) for value in call.args[1:]))
            kwargs = {key: _of_each(each, value, number, len(targets)) for key, value in call.kwargs.items()}
            applied = torch_ops.apply(
                machine, each, f"Tensor.{operation}", args, kwargs, call.source, told_as=_word(call)
            )  # fmt: skip
            if applied is None:
                if number == 0:
                    return None
                following.append(each)  # of this one nothing is known; those before it are written already
                continue
            following.extend(after for after, _ in applied)
        states = machine.limit(following)
        if any(each.status is not Status.RUN for each in states):
            break
    return [(each, NONE) for each in states]


def _word(call: Call) -> str:
    return call.function.name.rpartition(".")[2] if isinstance(call.function, External) else ""


def _of_each(path: Path, value: Value, number: int, count: int) -> Value:
    """The element of a second list that belongs to one tensor; a number or tensor belongs to all."""
    items = torch_ops.items_of(path, value)
    return items[number] if len(items) == count else value
