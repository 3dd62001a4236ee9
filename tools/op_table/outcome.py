"""How a result is related to the operands: the same object, a view, or new storage."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import torch

from gradsafe.ops.notation import Return


@dataclass(frozen=True)
class Labelled:
    """A tensor, and the parameter (or ``result``) that it is."""

    label: str
    tensor: torch.Tensor


def classify(result: Any, held: Sequence[Labelled]) -> Return:
    """A result in the table's notation."""
    if result is None:
        return Return("none")
    if isinstance(result, torch.Tensor):
        return _tensor(result, held)
    if isinstance(result, (tuple, list)):
        items = tuple(classify(item, held) for item in result)
        if not items or all(item.kind == "value" for item in items):
            return Return("value")
        if items[0].kind == "multiview":
            return items[0]
        if isinstance(result, list) or (len(set(items)) == 1 and type(result) is tuple and len(items) > 2):
            return Return("list", items=(items[0],)) if len(set(items)) == 1 else Return("unknown")
        return Return("tuple", items=items)
    return Return("value")


def outputs_of(result: Any, held: Sequence[Labelled]) -> Iterator[Labelled]:
    """The results that are no operand, labelled ``result`` or ``result0``, ``result1`` ..."""
    if isinstance(result, torch.Tensor):
        yield Labelled("result", result)
    elif isinstance(result, (tuple, list)):
        for index, item in enumerate(result):
            for inner in outputs_of(item, held):
                yield Labelled(f"result{index}", inner.tensor)


def _tensor(result: torch.Tensor, held: Sequence[Labelled]) -> Return:
    grad = _grad(result, held)
    for item in held:
        if result is item.tensor:
            return Return("same", item.label, grad="" if not item.tensor.requires_grad else grad)
    for item in held:
        if _shares_storage(result, item.tensor):
            multiple = result._is_view() and _is_multi_output(result)
            return Return("multiview" if multiple else "view", item.label, grad=grad)
    return Return("fresh", grad=grad)


def _grad(result: torch.Tensor, held: Sequence[Labelled]) -> str:
    if not (result.is_floating_point() or result.is_complex()):
        return str(result.dtype).removeprefix("torch.")
    expected = any(item.tensor.requires_grad for item in held)
    return "nograd" if expected and not result.requires_grad else ""


def _shares_storage(first: torch.Tensor, second: torch.Tensor) -> bool:
    if first.layout is not torch.strided or second.layout is not torch.strided:
        return False
    pointer: int = first.untyped_storage().data_ptr()
    return pointer != 0 and pointer == second.untyped_storage().data_ptr()


def _is_multi_output(view: torch.Tensor) -> bool:
    if not view.requires_grad:
        return False
    try:
        meta = torch._C._autograd._get_creation_meta(view)
    except AttributeError:
        return False
    return bool(meta == torch._C._autograd.CreationMeta.MULTI_OUTPUT_NODE)
