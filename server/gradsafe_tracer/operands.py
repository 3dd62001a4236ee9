"""What the calls of torch carry: their tensors, their names, their history."""

from __future__ import annotations

from typing import Any, Iterator

import torch


def tensors_in(value: Any) -> Iterator[Any]:
    """Every tensor in nested arguments, in order."""
    if isinstance(value, torch.Tensor):
        yield value
    elif isinstance(value, (list, tuple)):
        for item in value:
            yield from tensors_in(item)
    elif isinstance(value, dict):
        for item in value.values():
            yield from tensors_in(item)


def grad_fn_of(tensor: Any) -> Any:
    """The tensor's node, or None also where torch refuses to say (a no_grad view whose base was written)."""
    try:
        return tensor.grad_fn
    except RuntimeError:
        return None


def storage_of(tensor: Any) -> Any:
    """What tells two storages apart while both are alive."""
    try:
        return tensor.untyped_storage().data_ptr()
    except (RuntimeError, NotImplementedError):
        return id(tensor)


def operation_name(func: Any) -> str:
    """Torch's name of an operation, without the underscores of Python's protocols."""
    name = getattr(func, "__name__", None) or str(func)
    if name.startswith("__") and name.endswith("__"):
        return str(name.strip("_"))
    return str(name.split(".")[0])
