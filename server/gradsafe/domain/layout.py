"""Where the elements of a tensor lie in its storage: sizes, strides, offset, and what follows from them.

Function by function this follows ``c10/core/TensorImpl.cpp``, ``aten/src/ATen/{TensorUtils,MemoryOverlap,TensorIterator}.cpp``.
A size or stride that the source does not tell is None; what then cannot be told is ``Tri.MAYBE``.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from gradsafe.domain.tensors import Extent, Shape, Tensor, Tri

Dims = tuple["int | None", ...]


@dataclass(frozen=True, slots=True)
class Layout:
    """Sizes, strides and offset in elements. ``contiguous`` and ``overlap`` may be known where strides are not."""

    shape: Shape = None
    strides: Shape = None
    offset: int | None = None
    contiguous: Tri = Tri.MAYBE
    overlap: Tri = Tri.NO


def layout_of(tensor: Tensor) -> Layout:
    """The layout of a tensor; strides that do not belong to its shape count as unknown."""
    shape, strides = tensor.shape, tensor.strides
    if shape is None or (strides is not None and len(strides) != len(shape)):
        strides = None
    return Layout(shape, strides, tensor.offset, tensor.contiguous, tensor.overlap)


def dense(shape: Shape) -> Layout:
    """A fresh row-major tensor of this shape."""
    return Layout(shape, dense_strides(shape), 0, Tri.YES, Tri.NO)


def dense_strides(shape: Shape) -> Shape:
    """Row-major strides: known as far from the right as the sizes are."""
    if shape is None:
        return None
    strides: list[int | None] = []
    step: int | None = 1
    for size in reversed(shape):
        strides.append(step)
        step = None if step is None or size is None else step * max(size, 1)
    return tuple(reversed(strides))


def strided(shape: Dims, strides: Dims, offset: int | None, otherwise: Tri = Tri.MAYBE) -> Layout:
    """The layout with these strides; ``otherwise`` is what is known of contiguity where the sizes do not tell."""
    known = contiguity(shape, strides)
    return Layout(shape, strides, offset, otherwise if known is Tri.MAYBE else known, overlap(shape, strides))


def contiguity(shape: Dims, strides: Dims) -> Tri:
    """``is_contiguous()``."""
    if 0 in shape:
        return Tri.YES
    verdict = Tri.YES
    expected: int | None = 1
    for size, stride in zip(reversed(shape), reversed(strides), strict=True):
        if size == 1:
            continue
        if expected is None or stride is None:
            verdict = Tri.MAYBE
        elif stride != expected:
            if size is not None:
                return Tri.NO
            verdict = Tri.MAYBE
        expected = None if expected is None or size is None else expected * size
    return verdict


def overlap(shape: Dims, strides: Dims) -> Tri:
    """``has_internal_overlap``: torch looks for a stride of 0; what is harder it lets pass."""
    verdict = Tri.NO
    for size, stride in zip(shape, strides, strict=True):
        if stride == 0 and (size is None or size > 1):
            verdict = verdict | (Tri.MAYBE if size is None else Tri.YES)
    return verdict


def is_dense(layout: Layout) -> bool:
    """``is_non_overlapping_and_dense``: a permutation of a row-major tensor. False where it is not known."""
    if layout.shape is None or layout.strides is None or None in layout.shape or None in layout.strides:
        return False
    expected = 1
    pairs = [(stride, size) for size, stride in zip(layout.shape, layout.strides, strict=True) if size != 1]
    for stride, size in sorted(pairs):
        if stride != expected or size is None:
            return False
        expected *= size
    return True


def partly_overlaps(written: Layout, read: Layout) -> bool:
    """``get_overlap_status`` is "partial", for two tensors of one storage; False where it is not known."""
    if written.offset is None or read.offset is None or not (is_dense(written) and is_dense(read)):
        return False
    a, b = _numel(written), _numel(read)
    if not a or not b:
        return False
    if (written.offset, a) == (read.offset, b):
        return written.strides != read.strides
    return written.offset < read.offset + b and read.offset < written.offset + a


def span(layout: Layout) -> Extent | None:
    """The part of the storage that the tensor covers; None where it is not known."""
    if layout.shape is None or layout.strides is None or layout.offset is None:
        return None
    end, row, rows = layout.offset, 0, 0
    for size, stride in zip(layout.shape, layout.strides, strict=True):
        if size is None or stride is None:
            return None
        end += max(size - 1, 0) * stride
        if size > 1 and stride > row:
            row, rows = stride, (size - 1) * stride
    column = layout.offset % row if row else 0
    return Extent(layout.offset, end + 1, row, column, column + end + 1 - layout.offset - rows)


def apart(one: Extent | None, other: Extent | None) -> bool:
    """Do two parts of one storage certainly not touch?

    They are apart in memory, or cover other columns of the same rows (``x[:, :2]`` and ``x[:, 2:]``).
    """
    if one is None or other is None:
        return False
    if one.end <= other.start or other.end <= one.start:
        return True
    in_rows = one.row == other.row != 0 and one.column_end <= one.row and other.column_end <= other.row
    return in_rows and (one.column_end <= other.column or other.column_end <= one.column)


def _numel(layout: Layout) -> int:
    return math.prod(size for size in layout.shape or () if size is not None)


# Views


def select(layout: Layout, dim: int, index: int | None) -> Layout:
    """``x.select(dim, index)``."""
    if layout.shape is None or not -len(layout.shape) <= dim < len(layout.shape):
        return replace(layout, shape=None, strides=None, offset=None, contiguous=Tri.MAYBE)
    at = dim % len(layout.shape)
    shape = layout.shape[:at] + layout.shape[at + 1 :]
    if layout.strides is None:
        return Layout(shape, None, None, layout.contiguous if at == 0 else Tri.MAYBE, layout.overlap)
    size, stride = layout.shape[at], layout.strides[at]
    start = index + size if index is not None and index < 0 and size is not None else index
    offset = _moved(layout.offset, start if start is not None and start >= 0 else None, stride)
    strides = layout.strides[:at] + layout.strides[at + 1 :]
    leading = at == 0 or all(size == 1 for size in layout.shape[:at])
    return strided(shape, strides, offset, layout.contiguous if leading else Tri.MAYBE)


def narrow(layout: Layout, dim: int, start: int | None, length: int | None, step: int | None = 1) -> Layout:
    """``x.narrow(dim, start, length)`` and slices: ``length`` elements from ``start``, each ``step``-th."""
    if layout.shape is None or not -len(layout.shape) <= dim < len(layout.shape):
        return replace(layout, shape=None, strides=None, offset=None, contiguous=Tri.MAYBE)
    at = dim % len(layout.shape)
    shape = (*layout.shape[:at], length, *layout.shape[at + 1 :])
    leading = all(size == 1 for size in layout.shape[:at]) and step == 1
    whole = step == 1 and start == 0 and length is not None and length == layout.shape[at]
    otherwise = layout.contiguous if leading or whole else Tri.MAYBE
    if layout.strides is None:
        return Layout(shape, None, None, otherwise, layout.overlap)
    stride = layout.strides[at]
    moved = None if stride is None or step is None else stride * step
    strides = (*layout.strides[:at], moved, *layout.strides[at + 1 :])
    return strided(shape, strides, _moved(layout.offset, start, stride), otherwise)


def _moved(offset: int | None, steps: int | None, stride: int | None) -> int | None:
    if steps == 0:
        return offset
    return None if offset is None or steps is None or stride is None else offset + steps * stride


def permute(layout: Layout, dims: Sequence[int | None]) -> Layout:
    """``x.permute(dims)``; an unknown dimension among ``dims`` gives an unknown order."""
    if layout.shape is None or len(dims) != len(layout.shape):
        return Layout(None, None, layout.offset, Tri.MAYBE, layout.overlap)
    rank = len(dims)
    order = [dim % rank for dim in dims if dim is not None]
    if sorted(order) != list(range(rank)):
        return Layout((None,) * rank, None, layout.offset, Tri.MAYBE, layout.overlap)
    shape = tuple(layout.shape[dim] for dim in order)
    moving = [dim for dim in order if layout.shape[dim] != 1]
    stays = moving == sorted(moving)
    # A size that is not known is taken not to be 1: a batch of one is not what a program is written for.
    otherwise = layout.contiguous if stays else Tri.NO if layout.contiguous is Tri.YES else Tri.MAYBE
    if layout.strides is None:
        return Layout(shape, None, layout.offset, otherwise, layout.overlap)
    return strided(shape, tuple(layout.strides[dim] for dim in order), layout.offset, otherwise)


def transpose(layout: Layout, first: int | None, second: int | None) -> Layout:
    """``x.transpose(first, second)``."""
    if layout.shape is None:
        return Layout(None, None, layout.offset, Tri.MAYBE, layout.overlap)
    order: list[int | None] = list(range(len(layout.shape)))
    rank = len(order)
    if first is None or second is None or not (-rank <= first < rank and -rank <= second < rank):
        return permute(layout, [None] * rank)
    order[first], order[second] = order[second], order[first]
    return permute(layout, order)


def expand(layout: Layout, asked: Shape) -> Layout:
    """``x.expand(asked)``: repeated dimensions get a stride of 0."""
    if asked is None:
        return Layout(None, None, layout.offset, Tri.MAYBE, layout.overlap | Tri.MAYBE)
    if layout.shape is None or len(layout.shape) > len(asked):
        shape = tuple(None if size == -1 else size for size in asked)
        return Layout(shape, None, layout.offset, Tri.MAYBE, layout.overlap | Tri.MAYBE)
    new = len(asked) - len(layout.shape)
    strides = layout.strides or (None,) * len(layout.shape)
    sizes: list[int | None] = list(asked[:new])
    steps: list[int | None] = [0] * new
    for old, stride, wanted in zip(layout.shape, strides, asked[new:], strict=True):
        sizes.append(old if wanted == -1 else wanted)
        same = wanted in (-1, old) and (wanted == -1 or wanted is not None)
        steps.append(stride if same else 0 if old == 1 else None if old is None or wanted is None else stride)
    made = strided(tuple(sizes), tuple(steps), layout.offset, Tri.MAYBE)
    unsure = layout.overlap if layout.overlap is Tri.YES else Tri.MAYBE if None in steps else Tri.NO
    kept = unsure if layout.strides is None else Tri.MAYBE if None in steps else Tri.NO
    return replace(made, overlap=made.overlap | kept)


def unsqueeze(layout: Layout, dim: int | None) -> Layout:
    """``x.unsqueeze(dim)``."""
    if layout.shape is None or dim is None or not -len(layout.shape) - 1 <= dim <= len(layout.shape):
        return replace(layout, shape=None, strides=None)
    at = dim % (len(layout.shape) + 1)
    shape = (*layout.shape[:at], 1, *layout.shape[at:])
    if layout.strides is None:
        return replace(layout, shape=shape)
    size, stride = (layout.shape[at], layout.strides[at]) if at < len(layout.shape) else (1, 1)
    step = None if size is None or stride is None else size * stride
    strides = (*layout.strides[:at], step, *layout.strides[at:])
    return replace(layout, shape=shape, strides=strides)


def squeeze(layout: Layout, dims: Sequence[int | None] | None) -> Layout:
    """``x.squeeze(dims)``; None: all dimensions of size 1."""
    shape = layout.shape
    if shape is None:
        return replace(layout, strides=None)
    rank = len(shape)
    asked = range(rank) if dims is None else [d % rank for d in dims if d is not None and -rank <= d < rank]
    unsure = (dims is not None and len(asked) != len(dims)) or any(shape[at] is None for at in asked)
    if unsure:
        return replace(layout, shape=None, strides=None)
    kept = [at for at in range(rank) if not (at in asked and shape[at] == 1)]
    strides = tuple(layout.strides[at] for at in kept) if layout.strides is not None else None
    return replace(layout, shape=tuple(shape[at] for at in kept), strides=strides)


def view(layout: Layout, asked: Shape) -> Layout | None:
    """``x.view(asked)`` (``computeStride``); None where no view has that shape, for certain."""
    shape = viewed_shape(layout.shape, asked)
    if layout.contiguous is Tri.YES:
        return replace(dense(shape), offset=layout.offset, overlap=layout.overlap)
    if shape is None or layout.shape is None or layout.strides is None:
        return Layout(shape, None, layout.offset, Tri.MAYBE, layout.overlap)
    if None in shape or None in layout.shape or None in layout.strides:
        return Layout(shape, None, layout.offset, Tri.MAYBE, layout.overlap)
    strides = _compute_strides(layout.shape, layout.strides, shape)  # type: ignore[arg-type]
    return None if strides is None else strided(shape, strides, layout.offset)


def _compute_strides(old: Sequence[int], strides: Sequence[int], new: Sequence[int]) -> Dims | None:
    """``computeStride_impl``: walk both shapes from the right, one chunk of memory without gaps at a time."""
    if 0 in old:
        return tuple(old) if tuple(old) == tuple(new) else dense_strides(tuple(new))
    result: list[int] = [0] * len(new)
    at = len(new) - 1
    base = strides[-1] if old else 1
    chunk = seen = 1
    for dim in range(len(old) - 1, -1, -1):
        chunk *= old[dim]
        ends = dim == 0 or (old[dim - 1] != 1 and strides[dim - 1] != chunk * base)
        if not ends:
            continue
        while at >= 0 and (seen < chunk or new[at] == 1):
            result[at] = seen * base
            seen *= new[at]
            at -= 1
        if seen != chunk:
            return None
        if dim > 0:
            base, chunk, seen = strides[dim - 1], 1, 1
    if not old:
        return (1,) * len(new)
    return tuple(result) if at == -1 else None


def viewed_shape(shape: Shape, asked: Shape) -> Shape:
    """``asked`` with its -1 worked out."""
    if asked is None or -1 not in asked:
        return asked
    if shape is None or None in shape or None in asked:
        return tuple(None if size == -1 else size for size in asked)
    rest = math.prod(size for size in asked if size is not None and size != -1)
    total = math.prod(size for size in shape if size is not None)
    return tuple((total // rest if rest else None) if size == -1 else size for size in asked)


def diagonal(layout: Layout, offset: int | None, first: int | None, second: int | None) -> Layout:
    """``x.diagonal(offset, first, second)``."""
    shape, strides = layout.shape, layout.strides
    if shape is None or first is None or second is None or len(shape) < 2:
        return Layout(None, None, None, Tri.MAYBE, layout.overlap)
    a, b = first % len(shape), second % len(shape)
    rest = [at for at in range(len(shape)) if at not in (a, b)]
    rows, columns = shape[a], shape[b]
    length = None
    if offset is not None and rows is not None and columns is not None:
        length = max(0, min(rows, columns - offset) if offset >= 0 else min(rows + offset, columns))
    made = (*(shape[at] for at in rest), length)
    if strides is None:
        return Layout(made, None, None, Tri.MAYBE, layout.overlap)
    x, y = strides[a], strides[b]
    step = None if x is None or y is None else x + y
    moved = None if offset is None else _moved(layout.offset, abs(offset), y if offset >= 0 else x)
    return strided(made, (*(strides[at] for at in rest), step), moved)


def unfold(layout: Layout, dim: int | None, size: int | None, step: int | None) -> Layout:
    """``x.unfold(dim, size, step)``: windows, which may share elements."""
    shape, strides = layout.shape, layout.strides
    if not shape or dim is None or not -len(shape) <= dim < len(shape):
        return Layout(None, None, layout.offset, Tri.MAYBE, layout.overlap)
    at = dim % len(shape)
    whole = shape[at]
    count = None if whole is None or size is None or not step else (whole - size) // step + 1
    made = (*shape[:at], count, *shape[at + 1 :], size)
    if strides is None:
        return Layout(made, None, layout.offset, Tri.MAYBE, layout.overlap)
    stride = strides[at]
    apart = None if stride is None or step is None else stride * step
    return strided(made, (*strides[:at], apart, *strides[at + 1 :], stride), layout.offset)


# Fresh results


def pointwise(inputs: Sequence[Layout], shape: Shape) -> Layout:
    """The result of an elementwise operation: it keeps the order of its operands' strides (``reorder_dimensions``)."""
    if all(layout.contiguous is Tri.YES for layout in inputs):
        return dense(shape)
    if shape is None or any(layout.strides is None or None in layout.strides for layout in inputs):
        return Layout(shape, None, 0, Tri.MAYBE, Tri.NO)
    if None in shape:
        return Layout(shape, None, 0, Tri.MAYBE, Tri.NO)
    steps = [_broadcast_strides(layout, shape) for layout in inputs]
    order = list(range(len(shape) - 1, -1, -1))
    for start in range(1, len(order)):
        at = start
        for before in range(start - 1, -1, -1):
            comparison = _should_swap(order[before], order[at], steps, shape)
            if comparison > 0:
                order[before], order[at] = order[at], order[before]
                at = before
            elif comparison < 0:
                break
    strides: list[int | None] = [0] * len(shape)
    step = 1
    for dim in order:
        strides[dim] = step
        step *= max(shape[dim] or 1, 1)
    return strided(shape, tuple(strides), 0)


def _broadcast_strides(layout: Layout, shape: Dims) -> Dims:
    """A broadcast dimension moves by 0."""
    old, strides = layout.shape or (), layout.strides or ()
    new = len(shape) - len(old)
    kept = (
        0 if size == 1 and wanted != 1 else s
        for size, s, wanted in zip(old, strides, shape[new:], strict=True)
    )
    return (*(0,) * new, *kept)


def _should_swap(first: int, second: int, steps: Sequence[Dims], shape: Dims) -> int:
    for strides in steps:
        a, b = strides[first], strides[second]
        if not a or not b:
            continue
        if a != b:
            return -1 if a < b else 1
        if (shape[first] or 0) > (shape[second] or 0):
            return 1
    return 0
