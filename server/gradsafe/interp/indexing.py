"""Subscripts of tensors: basic ones are views, ones with tensors or lists copy (reading) or ``index_put_`` (writing)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

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
from gradsafe.interp import autograd, torch_ops
from gradsafe.interp.autograd import ToSave

if TYPE_CHECKING:
    from gradsafe.interp.containers import Rounds
    from gradsafe.interp.machine import Machine, Outcomes

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
        value = (
            _gather(side, ref.oid, kind, source) if kind.advanced else basic_view(side, ref.oid, kind, source)
        )
        outcomes.append((side, TensorRef(value) if value is not None else Unknown(("raised", source.place))))
    return outcomes


def basic_view(path: Path, oid: int, index: Index, source: Source) -> int:
    """``tensor[0]``, ``tensor[1:, None]``: a view."""
    tensor = path.tensor(oid)
    operation = "select" if len(index.parts) == 1 and not isinstance(index.parts[0], SliceValue) else "slice"
    shape = item_shape(tensor.shape, index.parts)
    view = autograd.make_view(
        path, source, oid, operation, shape=shape, contiguous=_view_layout(tensor, index.parts)
    )
    expanded = _still_expanded(tensor, shape, index.parts)
    overlap = tensor.overlap
    if overlap is not Tri.NO:
        overlap = Tri.MAYBE if expanded is None else Tri.YES if expanded else Tri.NO
    rows = _row_range(tensor, index.parts)
    path.heap[view] = replace(path.tensor(view), overlap=overlap, expanded=expanded or frozenset(), rows=rows)
    return view


def _row_range(tensor: Tensor, parts: tuple[Value, ...]) -> tuple[int, int] | None:
    """The rows of the base that ``tensor[parts]`` covers, for one slice or integer on a tensor of whole rows."""
    if len(parts) != 1 or not tensor.shape or tensor.shape[0] is None or tensor.rows is None:
        return None
    first = tensor.rows[0]
    bounds: list[int | None] = []
    part = parts[0]
    for bound in (part.lower, part.upper, part.step) if isinstance(part, SliceValue) else (part,):
        if not isinstance(bound, Const) or not (bound.value is None or isinstance(bound.value, int)):
            return None
        bounds.append(bound.value)
    if len(bounds) == 3 and bounds[2] not in (None, 1):
        return None
    if len(bounds) == 3:
        covered = range(tensor.shape[0])[slice(*bounds)]
        return (first + covered.start, first + covered.stop)
    at = bounds[0]
    return None if at is None else (first + at % tensor.shape[0], first + at % tensor.shape[0] + 1)


def _view_layout(tensor: Tensor, parts: tuple[Value, ...]) -> Tri:
    """Leading integers, then at most one slice without a step, leave a contiguous tensor contiguous."""
    for number, part in enumerate(parts):
        if isinstance(part, SliceValue):
            rest = parts[number + 1 :]
            return (
                tensor.contiguous
                if part.step in (NONE, Const(1, int)) and all(map(_is_whole, rest))
                else Tri.MAYBE
            )
        if not (isinstance(part, Const) and isinstance(part.value, int)) and not isinstance(part, Unknown):
            return Tri.MAYBE
    return tensor.contiguous


def _still_expanded(tensor: Tensor, shape: Shape, parts: tuple[Value, ...]) -> frozenset[int] | None:
    """Which dimensions of the view repeat memory: an index takes one away, a slice of one element too."""
    if not tensor.expanded or tensor.shape is None or shape is None:
        return None
    old = new = 0
    found: set[int] = set()
    for part in parts:
        if part == NONE:
            new += 1
        elif isinstance(part, SliceValue):
            if old in tensor.expanded and shape[new] != 1:
                found.add(new)
            old, new = old + 1, new + 1
        else:
            old += 1
    found.update(dim - old + new for dim in tensor.expanded if dim >= old)
    return frozenset(found)


def item_shape(shape: Shape, parts: tuple[Value, ...]) -> Shape:
    """The shape of a basic subscript; None where the rank of the tensor is unknown."""
    if shape is None or any(isinstance(part, Const) and part.value is ... for part in parts):
        return None
    result: list[int | None] = []
    left = list(shape)
    for part in parts:
        if part == NONE:
            result.append(1)
        elif not left:
            return None
        elif isinstance(part, SliceValue):
            result.append(_slice_length(left.pop(0), part))
        else:
            left.pop(0)
    return (*result, *left)


def _slice_length(size: int | None, part: SliceValue) -> int | None:
    bounds: list[int | None] = []
    for bound in (part.lower, part.upper, part.step):
        if not isinstance(bound, Const) or not (bound.value is None or isinstance(bound.value, int)):
            return None
        bounds.append(bound.value)
    if size is None or bounds[2] == 0:
        return size if bounds == [None, None, None] else None
    return len(range(size)[slice(*bounds)])


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
    made = Tensor(0, 0, needs, node=node, leaf=leaf, dtype=tensor.dtype, known=True)
    return autograd.new_tensor(path, source, "index", made)


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
        if kind.advanced:
            _put(side, ref.oid, kind, value, source, subject, how)
        else:
            _copy(side, ref.oid, kind, value, source, subject, how)
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
            autograd.raise_error(
                path, source, "overlap", tensor=oid, operation="index_put_", name=name, how=how
            )
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
    if itself and operation != "index_put_":
        autograd.raise_error(path, source, "overlap", tensor=target, operation=operation, name=name, how=how)
        return
    node: int | None = None
    if needs is not Tri.NO:
        saves = [ToSave(oid, "indices") for oid in indices]
        node = autograd.record(path, source, operation, [target, *sources], saves, needs)
        if path.status is not Status.RUN:
            return
    autograd.bump(path, source, target, 1, operation, how, name=name)
    torch_ops.note_unseen(path, source, target, operation, sources, name)
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
    tensor = path.tensor(ref.oid)
    views: list[Value] = []
    node: int | None = None
    shape = tensor.shape[1:] if tensor.shape else None
    for _ in range(count):
        oid = autograd.make_view(path, source, ref.oid, "unbind", multi=True, shape=shape, node=node)
        node = path.tensor(oid).node
        views.append(TensorRef(oid))
    return views
