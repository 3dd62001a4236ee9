"""Views: their shapes, whether they are contiguous, whether they share memory or overlap themselves."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING

from gradsafe.domain.state import Path
from gradsafe.domain.tensors import Shape, Tensor, Tri
from gradsafe.domain.values import Const, External, ListRef, TupleValue, Value, const
from gradsafe.interp.shapes import ALIASES, DTYPES, LAYOUT, first, number, sizes

if TYPE_CHECKING:
    from gradsafe.interp.torch_ops import Application


def view_shape(path: Path, call: Application, base: int) -> tuple[Shape, Tri]:
    """Shape of a view, and whether it is contiguous."""
    tensor = path.tensor(base)
    shape, operation, bound = tensor.shape, call.operation, call.bound
    if operation in ("view", "reshape", "expand", "broadcast_to", "expand_as", "view_as"):
        asked = sizes(path, bound.get("size", ()) or bound.get("shape", ()))
        if operation in ("expand_as", "view_as"):
            other = next(iter(call.tensors.get("other", ())), None)
            asked = path.tensor(other).shape if other is not None else None
        if operation in ("expand", "broadcast_to", "expand_as"):
            return _expanded(shape, asked), Tri.NO
        return _viewed(shape, asked), tensor.contiguous if operation == "view" else Tri.YES
    if shape is None:
        still = operation in ("unsqueeze", "squeeze", "flatten", "view_as", "detach", "data")
        return None, tensor.contiguous if still else Tri.MAYBE
    if operation in ("t", "transpose", "permute", "swapaxes", "T", "mT", "movedim"):
        return _transposed(path, shape, operation, bound), Tri.NO if len(
            shape
        ) > 1 and 1 not in shape else Tri.MAYBE
    if operation == "flatten":
        total = math.prod(size for size in shape if size is not None) if None not in shape else None
        whole = first(bound, "start_dim") in (None, const(0)) and first(bound, "end_dim") in (None, const(-1))
        return ((total,) if whole else None), Tri.YES
    if operation == "unsqueeze":
        dim = number(first(bound, "dim"))
        if dim is not None:
            dim = dim + len(shape) + 1 if dim < 0 else dim
            return (*shape[:dim], 1, *shape[dim:]), tensor.contiguous
    if operation in ("narrow", "select", "squeeze"):
        return _narrowed(shape, operation, bound), Tri.MAYBE
    if operation in ("detach", "data", "view_as_real", "positive", "alias"):
        return shape, tensor.contiguous
    return None, Tri.MAYBE


def _narrowed(shape: tuple[int | None, ...], operation: str, bound: Mapping[str, tuple[Value, ...]]) -> Shape:
    dim = number(first(bound, "dim"))
    if operation == "squeeze" and dim is None:
        return tuple(size for size in shape if size != 1) if None not in shape else None
    if dim is None or not -len(shape) <= dim < len(shape):
        return None
    at = dim % len(shape)
    if operation == "select" or (operation == "squeeze" and shape[at] == 1):
        return shape[:at] + shape[at + 1 :]
    if operation == "squeeze":
        return shape if shape[at] is not None else None
    return (*shape[:at], number(first(bound, "length")), *shape[at + 1 :])


def _viewed(shape: Shape, asked: Shape) -> Shape:
    if asked is None or -1 not in asked:
        return asked
    if shape is None or None in shape or None in asked:
        return tuple(None if size == -1 else size for size in asked)
    rest = math.prod(size for size in asked if size is not None and size != -1)
    total = math.prod(size for size in shape if size is not None)
    return tuple((total // rest if rest else None) if size == -1 else size for size in asked)


def _expanded(shape: Shape, asked: Shape) -> Shape:
    if asked is None or shape is None:
        return asked
    padded = (*([None] * (len(asked) - len(shape))), *shape)
    return tuple(old if size == -1 else size for size, old in zip(asked, padded, strict=False))


def _transposed(
    path: Path, shape: tuple[int | None, ...], operation: str, bound: Mapping[str, tuple[Value, ...]]
) -> Shape:
    if operation in ("t", "T"):
        return tuple(reversed(shape))
    if operation in ("transpose", "swapaxes"):
        a, b = number(first(bound, "dim0", "axis0")), number(first(bound, "dim1", "axis1"))
        if a is not None and b is not None and -len(shape) <= min(a, b) and max(a, b) < len(shape):
            swapped = list(shape)
            swapped[a], swapped[b] = swapped[b], swapped[a]
            return tuple(swapped)
    if operation == "permute":
        dims = sizes(path, bound.get("dims", ()))
        if dims is not None and None not in dims and len(dims) == len(shape):
            return tuple(shape[d] for d in dims if d is not None)
    return (None,) * len(shape)


def overlaps(old: Shape, new: Shape, operation: str) -> Tri:
    """Does an ``expand`` make several elements share memory? Yes where a dimension of size 1 or a new one grows."""
    if old is None or new is None or operation not in ("expand", "broadcast_to", "expand_as"):
        return Tri.MAYBE
    padded = (*([1] * (len(new) - len(old))), *old)
    verdict = Tri.NO
    for before, after in zip(padded, new, strict=False):
        if before is None or after is None:
            verdict = verdict | (Tri.NO if before == after and before is not None else Tri.MAYBE)
        elif before == 1 and after > 1:
            return Tri.YES
    return verdict


def expanded_dims(old: Shape, new: Shape) -> frozenset[int]:
    """The dimensions that an ``expand`` repeats, where both shapes are known."""
    if old is None or new is None:
        return frozenset()
    padded = (*([1] * (len(new) - len(old))), *old)
    return frozenset(
        dim for dim, (a, b) in enumerate(zip(padded, new, strict=True)) if a == 1 and b not in (1, None)
    )


def shares(path: Path, call: Application, tensor: Tensor) -> bool | None:
    """Does a may-share operation return shared memory here? None where the source does not decide."""
    operation = call.operation
    if operation in LAYOUT:
        if tensor.contiguous is Tri.YES:
            return True
        return False if tensor.contiguous is Tri.NO else None
    if operation in ALIASES or operation == "bool":
        wanted = ALIASES.get(operation, "bool")
        return None if tensor.dtype is None else tensor.dtype == wanted
    if operation == "cpu":
        return True
    if operation == "to":
        return _to_shares(call, tensor)
    return None


def _to_shares(call: Application, tensor: Tensor) -> bool | None:
    verdict: bool | None = True
    copies = first(call.bound, "copy")
    if isinstance(copies, Const) and copies.value is True:
        return False
    asked = [v for name, vs in call.bound.items() if name not in ("self", "non_blocking", "copy") for v in vs]
    for value in asked:
        if isinstance(value, External) and value.name.rpartition(".")[2] in DTYPES:
            wanted = value.name.rpartition(".")[2]
            wanted = ALIASES.get(wanted, wanted)
            if tensor.dtype is None:
                verdict = None
            elif wanted != tensor.dtype:
                return False
        elif not (isinstance(value, Const) and value.value in ("cpu", None, False, True)):
            verdict = None
    return verdict


def part_shape(path: Path, call: Application, base: int) -> Shape:
    """The shape of one output of ``unbind``, or of ``chunk`` and ``split`` where all parts are alike."""
    shape = path.tensor(base).shape
    if not shape:
        return None
    dim = (number(first(call.bound, "dim")) or 0) % len(shape)
    if call.operation == "unbind":
        return shape[:dim] + shape[dim + 1 :]
    count, whole = view_count(path, call, base), shape[dim]
    part = whole // count if count and whole is not None and whole % count == 0 else None
    return (*shape[:dim], part, *shape[dim + 1 :])


def view_count(path: Path, call: Application, base: int) -> int | None:
    """How many views ``unbind``, ``chunk`` or ``split`` give."""
    shape = path.tensor(base).shape
    dim = number(first(call.bound, "dim")) or 0
    if call.operation == "chunk":
        return number(first(call.bound, "chunks"))
    if call.operation in ("split", "split_with_sizes"):
        asked = first(call.bound, "split_size", "split_sizes", "split_size_or_sections")
        if isinstance(asked, (TupleValue, ListRef)):
            parts = sizes(path, (asked,))
            return len(parts) if parts is not None else None
        size = number(asked)
        whole = shape[dim] if shape and -len(shape) <= dim < len(shape) else None
        return -(-whole // size) if size and whole is not None else None
    if shape is None or not -len(shape) <= dim < len(shape):
        return None
    count = shape[dim]
    return count if count is not None and count <= 64 else None
