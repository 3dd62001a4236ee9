"""What the calls of torch carry: their tensors, their names, their history."""

from __future__ import annotations

from typing import Any, Iterator, Sequence, Tuple

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


def edge_of(root: Any) -> Tuple[Any, int]:
    """The node and the output that a tensor, or an edge of a graph, stands for; no node where it has no history."""
    if not isinstance(root, torch.Tensor):
        return getattr(root, "node", None), int(getattr(root, "output_nr", 0))
    node = grad_fn_of(root)
    if node is None and root.is_leaf and root.requires_grad:
        with torch.enable_grad(), torch._C.DisableTorchFunction():
            return root.view_as(root).grad_fn.next_functions[0][0], 0
    return node, root.output_nr


def storage_of(tensor: Any) -> Any:
    """What tells two storages apart while both are alive."""
    try:
        storage = tensor.untyped_storage()
        return (
            storage.data_ptr() or storage._cdata
        )  # on meta, and where nothing is in it, there is no address
    except (RuntimeError, NotImplementedError):
        return id(tensor)


def overlaps_itself(size: Sequence[int], stride: Sequence[int]) -> bool:
    """Whether several elements are one place in memory, as far as torch looks: a stride of zero."""
    return any(step == 0 and count > 1 for count, step in zip(size, stride))


def operation_name(func: Any) -> str:
    """Torch's name of an operation, without the underscores of Python's protocols."""
    name = getattr(func, "__name__", None) or str(func)
    if name.startswith("__") and name.endswith("__"):
        return str(name.strip("_"))
    return str(name.split(".")[0])
