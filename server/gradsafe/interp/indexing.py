"""Subscripts of tensors: basic ones are views, ones with tensors or lists copy (reading) or ``index_put_`` (writing)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from gradsafe.domain import layout as geometry
from gradsafe.domain.layout import Layout, layout_of
from gradsafe.domain.state import Path, Status
from gradsafe.domain.tensors import Shape, Tensor, Tri
from gradsafe.domain.values import (
    NONE,
    Const,
    ListRef,
    SliceValue,
    Source,
    TensorRef,
    TupleValue,
    Unknown,
    Value,
)
from gradsafe.interp import autograd, shapes, torch_ops, unseen_writes
from gradsafe.interp.autograd import ToSave

if TYPE_CHECKING:
    from gradsafe.interp.containers import Rounds
    from gradsafe.interp.machine import Machine, Outcomes

_WHOLE = SliceValue(NONE, NONE, NONE)
_INTEGER_TOKENS = frozenset({"index", "value", "binary", "len", "unary", "int"})


@dataclass(frozen=True, slots=True)
class Index:
    """A subscript: its parts, and the tensors among them that index by value (masks and integer tensors)."""

    parts: tuple[Value, ...]
    tensors: tuple[int, ...]
    advanced: bool


def classify(path: Path, index: Value) -> Index | None:
    """The kind of a subscript; None where an unknown value may be a number or a tensor."""
    parts = index.items if isinstance(index, TupleValue) else (index,)
    tensors: list[int] = []
    advanced = False
    for raw in parts:
        part = torch_ops.resolve(path, raw)
        if isinstance(part, TensorRef):
            if path.tensor(part.oid).shape == () and path.tensor(part.oid).dtype != "bool":
                continue  # a 0-d integer tensor is read as a number
            tensors.append(part.oid)
            advanced = True
        elif isinstance(part, (ListRef, TupleValue)) or (
            isinstance(part, Const) and isinstance(part.value, bool)
        ):
            advanced = True
        elif isinstance(part, Unknown) and not _is_number(part):
            return None
    return Index(parts, tuple(tensors), advanced)


def _is_number(value: Unknown) -> bool:
    token = value.token
    while isinstance(token, tuple) and token and token[0] in ("item", "unpack"):
        token = token[1]  # an element of `tolist()` or of a shape
    return isinstance(token, tuple) and bool(token) and token[0] in _INTEGER_TOKENS


def _classified(machine: Machine, path: Path, index: Value) -> list[tuple[Path, Index]]:
    known = classify(path, index)
    if known is not None:
        return [(path, known)]
    parts = index.items if isinstance(index, TupleValue) else (index,)
    token = ("number", tuple(part.token for part in parts if isinstance(part, Unknown)))
    return [
        (side, Index(parts, (), not number))
        for side, number in machine.fork_on(path, token, "the index is a number")
    ]


def get_tensor_item(machine: Machine, path: Path, ref: TensorRef, index: Value, source: Source) -> Outcomes:
    """``tensor[index]``."""
    outcomes: Outcomes = []
    for side, kind in _classified(machine, path, index):
        if _is_refused(side, ref.oid, kind):
            outcomes.append((side, Unknown(("raised", source.place))))
            continue
        value = (
            _gather(side, ref.oid, kind, source) if kind.advanced else basic_view(side, ref.oid, kind, source)
        )
        outcomes.append((side, TensorRef(value) if value is not None else Unknown(("raised", source.place))))
    return outcomes


def _is_refused(path: Path, oid: int, index: Index) -> bool:
    """Whether there are more numbers and slices than dimensions: IndexError, "too many indices for tensor of dimension 0"."""
    shape = path.tensor(oid).shape
    if shape is None or index.advanced:
        return False
    if sum(part != NONE and not _is_free(part) for part in index.parts) <= len(shape):
        return False
    path.status, path.raised = Status.RAISED, "IndexError"
    return True


def _is_free(part: Value) -> bool:
    """``...`` takes what is left, and ``True`` is a new dimension."""
    return isinstance(part, Const) and (part.value is ... or isinstance(part.value, bool))


def basic_view(path: Path, oid: int, index: Index, source: Source) -> int:
    """``tensor[0]``, ``tensor[1:, None]``: a view."""
    operation = "select" if len(index.parts) == 1 and not isinstance(index.parts[0], SliceValue) else "slice"
    layout = item_layout(layout_of(path.tensor(oid)), index.parts)
    return autograd.make_view(path, source, oid, operation, layout)


def item_layout(layout: Layout, parts: tuple[Value, ...]) -> Layout:
    """The layout of a basic subscript, one part after the other (``applySlicing``)."""
    dim = 0
    for part in spelled_out(layout.shape, parts):
        if part == NONE:
            layout = geometry.unsqueeze(layout, dim)
            dim += 1
        elif isinstance(part, SliceValue):
            start, length, step = _slice(layout, dim, part)
            layout = geometry.narrow(layout, dim, start, length, step)
            dim += 1
        else:
            at = part.value if isinstance(part, Const) and isinstance(part.value, int) else None
            layout = geometry.select(layout, dim, at)
    return layout


def spelled_out(shape: Shape, parts: tuple[Value, ...]) -> tuple[Value, ...]:
    """``parts`` with ``...`` written as slices; of an unknown rank what stands after it is left out, with the shape lost."""
    for number, part in enumerate(parts):
        if isinstance(part, Const) and part.value is ...:
            used = sum(other != NONE for other in parts) - 1
            if shape is None:
                return (*parts[:number], *(p for p in parts[number + 1 :] if p == NONE))
            return (*parts[:number], *(_WHOLE,) * max(len(shape) - used, 0), *parts[number + 1 :])
    return parts


def _slice(layout: Layout, dim: int, part: SliceValue) -> tuple[int | None, int | None, int | None]:
    """Start, length and step of a slice, as far as they are known."""
    size = layout.shape[dim] if layout.shape is not None and dim < len(layout.shape) else None
    bounds: list[int | None] = []
    for bound in (part.lower, part.upper, part.step):
        if not isinstance(bound, Const) or not (bound.value is None or isinstance(bound.value, int)):
            return None, None, (1 if part.step == NONE else None)
        bounds.append(bound.value)
    start, stop, step = bounds[0] or 0, bounds[1], bounds[2] or 1
    if size is not None and step > 0:
        covered = range(size)[start:stop:step]
        return covered.start, len(covered), step
    whole = start == 0 and stop is None and step == 1
    return start if start >= 0 else None, size if whole else None, step


def _gather(path: Path, oid: int, index: Index, source: Source) -> int | None:
    """``tensor[mask]``: a copy; the node keeps the index tensors themselves (AUTOGRAD.md section 9.8)."""
    tensor = path.tensor(oid)
    needs = autograd.any_requires_grad(path, [oid])
    node: int | None = None
    if needs is not Tri.NO:
        node = autograd.record(path, source, "index", [oid], _index_saves(index), needs)
        if path.status is not Status.RUN:
            return None
    leaf = {Tri.YES: Tri.NO, Tri.MAYBE: Tri.MAYBE, Tri.NO: Tri.YES}[needs]
    shape = gathered_shape(path, tensor.shape, index.parts)
    made = Tensor(0, 0, needs, node=node, leaf=leaf, dtype=tensor.dtype, shape=shape)
    return autograd.new_tensor(path, source, "index", made)


def gathered_shape(path: Path, shape: Shape, parts: tuple[Value, ...]) -> Shape:
    """The shape of a subscript with index tensors or lists: their common shape stands where the first of them stands.

    (If a slice parts them it comes first: ``torch/csrc/autograd/python_variable_indexing.cpp``.)
    """
    if shape is None:
        return None
    result: list[int | None] = []
    indices: list[Shape] = []
    first = last = None
    dim = 0
    for number, part in enumerate(spelled_out(shape, parts)):
        if part == NONE:
            result.append(1)
        elif isinstance(part, SliceValue):
            size = shape[dim] if dim < len(shape) else None
            result.append(_slice(Layout((size,)), 0, part)[1])
            dim += 1
        elif isinstance(part, Const):
            if isinstance(part.value, bool):
                return None
            indices.append(())  # next to index tensors a number is one of them
            first, last, dim = (len(result) if first is None else first), number, dim + 1
        else:
            asked = _index_shape(path, part)
            if asked is None:
                return None
            lengths, taken = asked
            if last is not None and last != number - 1 and first:
                first = 0
            indices.append(lengths)
            first, last, dim = (len(result) if first is None else first), number, dim + taken
    common = shapes.broadcast(indices)
    if common is None or dim > len(shape):
        return None
    return (*result[: first or 0], *common, *result[first or 0 :], *shape[dim:])


def _index_shape(path: Path, part: Value) -> tuple[Shape, int] | None:
    """The shape that an index contributes, and how many dimensions it takes: a mask takes as many as it has."""
    part = torch_ops.resolve(path, part)
    if isinstance(part, TensorRef):
        tensor = path.tensor(part.oid)
        if tensor.shape is None or tensor.dtype is None:
            return None
        return ((None,), len(tensor.shape)) if tensor.dtype in ("bool", "uint8") else (tensor.shape, 1)
    if isinstance(part, (ListRef, TupleValue)):
        listed = shapes.literal_shape(path, part)
        flags = shapes.literal_dtype(path, part) == "bool"
        return None if listed is None else ((None,), len(listed)) if flags else (listed, 1)
    return None


def _index_saves(index: Index) -> list[ToSave]:
    return [ToSave(oid, "indices") for oid in index.tensors]


def set_tensor_item(
    machine: Machine, path: Path, ref: TensorRef, index: Value, value: Value, source: Source, subject: str,
    augmented: bool,
) -> list[Path]:  # fmt: skip
    """``tensor[index] = value``: ``copy_`` (or ``fill_``) into a view, or ``index_put_``."""
    value = torch_ops.resolve(path, value)
    paths = []
    how = "augmented" if augmented else "setitem"
    for side, kind in _classified(machine, path, index):
        if not _is_refused(side, ref.oid, kind):
            put = _put if kind.advanced else _copy
            put(side, ref.oid, kind, value, source, subject, how)
        paths.append(side)
    return paths


def _copy(path: Path, oid: int, index: Index, value: Value, source: Source, subject: str, how: str) -> None:
    sources = torch_ops.tensors_in(path, value) if isinstance(value, TensorRef) else []
    if all(_is_whole(part) for part in index.parts):
        # `h[:] = v` and `h[...] = v` write h itself (torch/csrc/autograd/python_variable_indexing.cpp).
        write(path, oid, oid, sources, "copy_" if sources else "fill_", source, subject, how, ())
        return
    view = basic_view(path, oid, index, source)
    write(path, view, oid, sources, "copy_" if sources else "fill_", source, subject, how, ())


def _is_whole(part: Value) -> bool:
    if isinstance(part, SliceValue):
        return (
            part.upper == NONE and part.step in (NONE, Const(1, int)) and part.lower in (NONE, Const(0, int))
        )
    return isinstance(part, Const) and part.value is ...


def _put(path: Path, oid: int, index: Index, value: Value, source: Source, subject: str, how: str) -> None:
    sources = torch_ops.tensors_in(path, value) if isinstance(value, TensorRef) else []
    storage = path.tensor(oid).storage
    for indexer in index.tensors:
        # `m[m] = t` reads the mask while it writes it; `m[m] = True` is a masked fill and passes (measured).
        shared = path.tensor(indexer).storage == storage
        if shared and (path.tensor(indexer).dtype != "bool" or sources):
            name = subject or path.tensor(oid).name
            autograd.raise_overlap(path, source, oid, operation="index_put_", name=name, how=how)
            return
    write(path, oid, oid, sources, "index_put_", source, subject, how, index.tensors)


def write(
    path: Path, target: int, shown: int, sources: list[int], operation: str, source: Source, subject: str, how: str,
    indices: tuple[int, ...],
) -> None:  # fmt: skip
    """Write ``sources`` (none: a number) into ``target``, keeping the books as torch's kernels do."""
    needs = autograd.any_requires_grad(path, [target, *sources])
    name = subject or path.tensor(shown).name
    path.heap[target] = replace(path.tensor(target), name=path.tensor(target).name or name)
    autograd.check_inplace(path, source, target, needs, operation, how)
    if path.status is not Status.RUN:
        return
    itself = path.tensor(target).overlap is Tri.YES or autograd.partly_overlaps(path, target, sources)
    if itself and operation != "index_put_" and path.tensor(target).origin != "numpy":
        autograd.raise_overlap(path, source, target, operation=operation, name=name, how=how)
        return
    node: int | None = None
    if needs is not Tri.NO:
        saves = [ToSave(oid, "indices") for oid in indices]
        node = autograd.record(path, source, operation, [target, *sources], saves, needs)
        if path.status is not Status.RUN:
            return
    autograd.bump(path, source, target, 1, operation, how, name=name)
    unseen_writes.note(path, source, target, operation, sources, name)
    if node is not None:
        autograd.rebase_history(path, source, target, node, needs)


def iterate_tensor(machine: Machine, path: Path, ref: TensorRef, source: Source) -> list[tuple[Path, Rounds]]:
    """``for row in tensor``: the outputs of one ``unbind``, multi-output views."""
    from gradsafe.interp.containers import Rounds

    outcomes = torch_ops.apply(machine, path, "Tensor.unbind", [ref], {}, source)
    found: list[tuple[Path, Rounds]] = []
    for side, value in outcomes or []:
        if isinstance(value, TupleValue):
            found.append((side, Rounds(value.items)))
        elif isinstance(value, ListRef):
            found.append((side, Rounds(side.items(value.oid).known, True)))
        else:
            found.append((side, Rounds((), True)))
    return found


def unpack_tensor(machine: Machine, path: Path, ref: TensorRef, count: int, source: Source) -> list[Value]:
    """``a, b = tensor``: ``unbind`` too."""
    views: list[Value] = []
    node: int | None = None
    for at in range(count):
        layout = geometry.select(layout_of(path.tensor(ref.oid)), 0, at)
        oid = autograd.make_view(path, source, ref.oid, "unbind", layout, multi=True, node=node)
        node = path.tensor(oid).node
        views.append(TensorRef(oid))
    return views
