"""The layouts of views: what each view operation does to sizes, strides and offset, and whether it copies instead."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, TypeAlias

from gradsafe.domain import layout as geometry
from gradsafe.domain.layout import Layout, layout_of
from gradsafe.domain.state import Path
from gradsafe.domain.tensors import Shape, Tensor, Tri
from gradsafe.domain.values import NONE, Const, External, ListRef, TupleValue, Value
from gradsafe.interp.shapes import ALIASES, DTYPES, LAYOUT, first, number, sizes

if TYPE_CHECKING:
    from gradsafe.interp.torch_ops import Application

Viewer: TypeAlias = "Callable[[Path, Application, Layout], Layout]"
_VIEWS: dict[str, Viewer] = {}
MOST_VIEWS = 64
"""More outputs of one ``unbind`` or ``split`` than these are not followed one by one."""


def _viewer(*names: str) -> Callable[[Viewer], Viewer]:
    def register(handler: Viewer) -> Viewer:
        for name in names:
            _VIEWS[name] = handler
        return handler

    return register


def view_layout(path: Path, call: Application, base: int) -> Layout:
    """The layout of the view that ``call`` makes of ``base``."""
    layout = layout_of(path.tensor(base))
    handler = _VIEWS.get(call.operation)
    if handler is None:
        return Layout(None, None, None, Tri.MAYBE, layout.overlap)
    return handler(path, call, layout)


def lay_out_anew(path: Path, call: Application, oid: int) -> None:
    """``x.t_()``, ``x.squeeze_()`` and their like: ``x[1:]`` is another slice from now on, views made before are what they were.

    The tensor gets the layout of the view of the same name.
    """
    layout = layout_of(path.tensor(oid))
    handler = _VIEWS.get(call.operation.removesuffix("_"))
    if handler is None:  # `resize_`, `set_`
        layout = Layout(None, None, None, Tri.MAYBE, Tri.NO)
    else:
        layout = handler(path, call, layout)
    path.heap[oid] = replace(
        path.tensor(oid), shape=layout.shape, strides=layout.strides, offset=layout.offset,
        contiguous=layout.contiguous, overlap=layout.overlap,
    )  # fmt: skip


def attribute_layout(name: str, layout: Layout) -> Layout:
    """The layout of ``x.T``, ``x.mT``, ``x.H``, ``x.mH``."""
    if layout.shape is None:
        return Layout(None, None, layout.offset, Tri.NO, layout.overlap)
    if name in ("mT", "mH"):
        return geometry.transpose(layout, -2, -1)
    return geometry.permute(layout, list(reversed(range(len(layout.shape)))))


@_viewer(
    "detach", "data", "positive", "alias", "real", "conj", "resolve_conj", "__getitem__whole", "copy", "numpy"
)
def _same(path: Path, call: Application, layout: Layout) -> Layout:
    return layout


@_viewer(
    "view",
    "reshape",
    "view_as",
    "reshape_as",
    "flatten",
    "ravel",
    "unflatten",
    "Flatten",
    "Unflatten",
    "contiguous",
)
def _reshaped(path: Path, call: Application, layout: Layout) -> Layout:
    if any(isinstance(value, External) for values in call.bound.values() for value in values):
        return replace(layout, shape=None, strides=None)  # `x.view(torch.int32)`
    shape = asked_shape(path, call, layout.shape)
    return geometry.view(layout, shape) or Layout(geometry.viewed_shape(layout.shape, shape))


def asked_shape(path: Path, call: Application, shape: Shape) -> Shape:
    """The shape that ``view``, ``reshape``, ``flatten`` ... ask for; it may hold a -1."""
    operation, bound = call.operation, call.bound
    if operation in ("view_as", "reshape_as", "expand_as", "type_as"):
        other = next(iter(call.tensors.get("other", ())), None)
        return path.tensor(other).shape if other is not None else None
    if operation == "ravel":
        return (-1,)
    if operation == "contiguous":
        return shape
    if operation in ("flatten", "Flatten"):
        given = {**bound, **{name: (value,) for name, value in call.config.items()}}
        default = 1 if operation == "Flatten" else 0
        return _flattened(shape, _number(given, default, "start_dim"), _number(given, -1, "end_dim"))
    if operation == "Unflatten":
        asked = call.config.get("unflattened_size")
        return _unflattened(
            shape, number(call.config.get("dim")), sizes(path, (asked,)) if asked is not None else None
        )
    if operation == "unflatten":
        return _unflattened(shape, number(first(bound, "dim")), sizes(path, bound.get("sizes", ())))
    return sizes(path, bound.get("size", ()) or bound.get("shape", ()))


def _number(bound: Mapping[str, tuple[Value, ...]], default: int, *names: str) -> int | None:
    """An int argument: its default where it is not given, None where it is not known."""
    value = first(bound, *names)
    return default if value is None else number(value)


def _flattened(shape: Shape, start: int | None, end: int | None) -> Shape:
    if start == 0 and end == -1:
        return (-1,)
    if shape is None or start is None or end is None:
        return None
    if not shape:
        return (1,)
    a, b = start % len(shape), end % len(shape)
    middle = shape[a : b + 1]
    total = None if None in middle else math.prod(size for size in middle if size is not None)
    return (*shape[:a], total, *shape[b + 1 :])


def _unflattened(shape: Shape, dim: int | None, parts: Shape) -> Shape:
    if shape is None or dim is None or parts is None or not -len(shape) <= dim < len(shape):
        return None
    at = dim % len(shape)
    parts = geometry.viewed_shape((shape[at],), parts) or parts
    return (*shape[:at], *parts, *shape[at + 1 :])


@_viewer("expand", "broadcast_to", "expand_as")
def _expanded(path: Path, call: Application, layout: Layout) -> Layout:
    return geometry.expand(layout, asked_shape(path, call, layout.shape))


@_viewer("t", "adjoint")
def _t(path: Path, call: Application, layout: Layout) -> Layout:
    return attribute_layout("mT" if call.operation == "adjoint" else "T", layout)


@_viewer("transpose", "swapaxes", "swapdims")
def _transposed(path: Path, call: Application, layout: Layout) -> Layout:
    return geometry.transpose(
        layout, number(first(call.bound, "dim0", "axis0")), number(first(call.bound, "dim1", "axis1"))
    )


@_viewer("permute")
def _permuted(path: Path, call: Application, layout: Layout) -> Layout:
    dims = sizes(path, call.bound.get("dims", ()))
    rank = len(layout.shape) if layout.shape is not None else 0
    return geometry.permute(layout, dims if dims is not None else (None,) * rank)


@_viewer("movedim", "moveaxis")
def _moved(path: Path, call: Application, layout: Layout) -> Layout:
    rank = len(layout.shape) if layout.shape is not None else 0
    source = sizes(path, call.bound.get("source", ()))
    target = sizes(path, call.bound.get("destination", ()))
    if not rank or source is None or target is None or None in source or None in target:
        return geometry.permute(layout, (None,) * rank)
    pairs = {
        t % rank: s % rank for s, t in zip(source, target, strict=False) if s is not None and t is not None
    }
    rest = iter(dim for dim in range(rank) if dim not in pairs.values())
    return geometry.permute(layout, [pairs[at] if at in pairs else next(rest) for at in range(rank)])


@_viewer("unsqueeze")
def _unsqueezed(path: Path, call: Application, layout: Layout) -> Layout:
    return geometry.unsqueeze(layout, number(first(call.bound, "dim")))


@_viewer("squeeze")
def _squeezed(path: Path, call: Application, layout: Layout) -> Layout:
    dim = call.bound.get("dim")
    if not dim:
        return geometry.squeeze(layout, None)
    dims = sizes(path, dim)
    return geometry.squeeze(layout, dims if dims is not None else (None,))


@_viewer("select")
def _selected(path: Path, call: Application, layout: Layout) -> Layout:
    dim = number(first(call.bound, "dim"))
    if dim is None:
        return Layout(None, None, None, Tri.MAYBE, layout.overlap)
    return geometry.select(layout, dim, number(first(call.bound, "index")))


@_viewer("narrow")
def _narrowed(path: Path, call: Application, layout: Layout) -> Layout:
    dim, start = number(first(call.bound, "dim")), number(first(call.bound, "start"))
    if dim is None:
        return Layout(None, None, None, Tri.MAYBE, layout.overlap)
    if start is not None and start < 0:
        whole = layout.shape[dim] if layout.shape and -len(layout.shape) <= dim < len(layout.shape) else None
        start = None if whole is None else start + whole
    return geometry.narrow(layout, dim, start, number(first(call.bound, "length")))


@_viewer("diagonal")
def _diagonal(path: Path, call: Application, layout: Layout) -> Layout:
    plain = call.name != "torch.linalg.diagonal"
    return geometry.diagonal(
        layout, _number(call.bound, 0, "offset"), _number(call.bound, 0 if plain else -2, "dim1"),
        _number(call.bound, 1 if plain else -1, "dim2"),
    )  # fmt: skip


@_viewer("unfold")
def _unfolded(path: Path, call: Application, layout: Layout) -> Layout:
    names = ("dimension", "size", "step")
    return geometry.unfold(layout, *(number(first(call.bound, name)) for name in names))


@_viewer("as_strided")
def _as_strided(path: Path, call: Application, layout: Layout) -> Layout:
    shape, strides = sizes(path, call.bound.get("size", ())), sizes(path, call.bound.get("stride", ()))
    given = first(call.bound, "storage_offset")
    offset = layout.offset if given in (None, NONE) else number(given)
    if shape is None or strides is None or len(shape) != len(strides):
        return Layout(shape, None, offset, Tri.MAYBE, Tri.MAYBE)
    return geometry.strided(shape, strides, offset)


@_viewer("einsum")
def _einsum(path: Path, call: Application, layout: Layout) -> Layout:
    equation = first(call.bound, "equation")
    text = equation.value if isinstance(equation, Const) and isinstance(equation.value, str) else ""
    left, arrow, right = text.replace(" ", "").partition("->")
    right = right if arrow else "".join(sorted(left))
    if layout.shape is None or len(left) != len(layout.shape) or sorted(left) != sorted(right):
        return Layout(None, None, None, Tri.MAYBE, layout.overlap)
    return geometry.permute(layout, [left.index(letter) for letter in right])


@_viewer("view_as_real")
def _as_real(path: Path, call: Application, layout: Layout) -> Layout:
    shape = (*layout.shape, 2) if layout.shape is not None else None
    return Layout(shape, None, None, layout.contiguous, layout.overlap)


@_viewer("view_as_complex")
def _as_complex(path: Path, call: Application, layout: Layout) -> Layout:
    return Layout(layout.shape[:-1] if layout.shape else None, None, None, layout.contiguous, layout.overlap)


def shares(path: Path, call: Application, tensor: Tensor) -> bool | None:
    """Does a may-share operation return shared memory here? None where the source does not decide."""
    operation = call.operation
    if operation in (
        "contiguous",
        "ravel",
    ):  # `ravel` is `contiguous().view(-1)`, `reshape(-1)` is not (ATen, TensorShape.cpp; measured)
        if first(call.bound, "memory_format") is not None:
            return None
        return {Tri.YES: True, Tri.NO: False}.get(tensor.contiguous)
    if operation in LAYOUT:
        return _viewable(path, call, tensor)
    if operation in ALIASES or operation in ("bool", "bfloat16", "byte", "cdouble"):
        wanted = ALIASES.get(operation, {"byte": "uint8", "cdouble": "complex128"}.get(operation, operation))
        return None if tensor.dtype is None else tensor.dtype == wanted
    if operation == "type_as":
        other = next(iter(call.tensors.get("other", ())), None)
        wanted_dtype = path.tensor(other).dtype if other is not None else None
        return None if tensor.dtype is None or wanted_dtype is None else tensor.dtype == wanted_dtype
    if operation == "cpu":
        return True
    if operation in ("to", "type", "as_tensor", "asarray"):
        return _to_shares(path, call, tensor)
    if operation == "einsum":
        return _einsum_shares(call)
    if operation == "sum_to_size":
        wanted_shape = sizes(path, call.bound.get("size", ()))
        if wanted_shape is None or tensor.shape is None or None in wanted_shape or None in tensor.shape:
            return None
        return wanted_shape == tensor.shape
    if operation in ("real", "positive", "resolve_conj", "conj") and tensor.dtype is not None:
        return True if operation != "conj" or not tensor.dtype.startswith("complex") else None
    return None


def _einsum_shares(call: Application) -> bool | None:
    """``einsum("ij->ji", x)`` permutes; where a letter is summed over there is a new tensor."""
    equation = first(call.bound, "equation")
    if not (isinstance(equation, Const) and isinstance(equation.value, str)) or "." in equation.value:
        return None
    left, arrow, right = equation.value.replace(" ", "").partition("->")
    return set(left) == set(right) if arrow else len(set(left)) == len(left)


def is_whole_flatten(path: Path, call: Application, base: int) -> bool:
    """``flatten`` of a single dimension gives the tensor itself (aten/src/ATen/native/TensorShape.cpp)."""
    shape = path.tensor(base).shape
    if call.operation not in ("flatten", "Flatten") or not shape:
        return False
    given = {**call.bound, **{name: (value,) for name, value in call.config.items()}}
    start = _number(given, 1 if call.operation == "Flatten" else 0, "start_dim")
    end = _number(given, -1, "end_dim")
    return start is not None and end is not None and start % len(shape) == end % len(shape)


def _viewable(path: Path, call: Application, tensor: Tensor) -> bool | None:
    """``reshape``: a view where the strides allow one."""
    layout = layout_of(tensor)
    made = geometry.view(layout, asked_shape(path, call, layout.shape))
    if made is None:
        return False
    if made.strides is not None or layout.contiguous is Tri.YES:
        return True
    # What was transposed and is merged again is copied; sizes that are not known are taken not to be 1.
    return False if layout.contiguous is Tri.NO else None


def _to_shares(path: Path, call: Application, tensor: Tensor) -> bool | None:
    verdict: bool | None = True
    copies = first(call.bound, "copy")
    if isinstance(copies, Const) and copies.value is True:
        return False
    asked = [
        v
        for name, vs in call.bound.items()
        if name not in ("self", "data", "obj", "non_blocking", "copy")
        for v in vs
    ]
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


def parts(path: Path, call: Application, base: int) -> tuple[list[Layout], bool]:
    """The layouts of the outputs of ``unbind``, ``split``, ``chunk`` ..., and whether these are all."""
    layout = layout_of(path.tensor(base))
    dim = _split_dim(call, layout)
    if call.operation in ("unbind", "__iter__"):
        return _rows(layout, dim)
    whole = (
        layout.shape[dim]
        if layout.shape and dim is not None and -len(layout.shape) <= dim < len(layout.shape)
        else None
    )
    lengths, certain = _lengths(path, call, whole)
    found: list[Layout] = []
    start: int | None = 0
    for length in lengths[:MOST_VIEWS]:
        if dim is None:
            found.append(Layout(None, None, None, Tri.MAYBE, layout.overlap))
        else:
            found.append(geometry.narrow(layout, dim, start, length))
        start = None if start is None or length is None else start + length
    return found, certain and len(lengths) <= MOST_VIEWS


def _split_dim(call: Application, layout: Layout) -> int | None:
    fixed = {"vsplit": 0, "dsplit": 2}.get(call.operation)
    if call.operation == "hsplit":
        return None if layout.shape is None else 0 if len(layout.shape) == 1 else 1
    return fixed if fixed is not None else _number(call.bound, 0, "dim")


def _rows(layout: Layout, dim: int | None) -> tuple[list[Layout], bool]:
    if layout.shape is None or dim is None or not -len(layout.shape) <= dim < len(layout.shape):
        return [], False
    count = layout.shape[dim]
    if count is None or count > MOST_VIEWS:
        return [geometry.select(layout, dim, None)], False
    return [geometry.select(layout, dim, at) for at in range(count)], True


def _lengths(path: Path, call: Application, whole: int | None) -> tuple[list[int | None], bool]:
    """The sizes of the parts along the dimension that is split, and whether their number is certain."""
    bound = call.bound
    asked = first(bound, "chunks", "split_size", "split_sizes", "split_size_or_sections", "sections", "indices",
                  "tensor_indices_or_sections")  # fmt: skip
    several = isinstance(asked, (TupleValue, ListRef))
    listed = sizes(path, (asked,)) if asked is not None and several else None
    count = number(asked)
    if call.operation in ("tensor_split", "hsplit", "vsplit", "dsplit"):
        if listed is not None:
            edges = (0, *listed, whole)
            pairs = itertools.pairwise(edges)
            return [None if a is None or b is None else max(0, b - a) for a, b in pairs], True
        if count is None or count < 1:
            return [], False
        if whole is None:
            return [None] * count, True
        small, large = divmod(whole, count)
        return [*[small + 1] * large, *[small] * (count - large)], True
    if listed is not None:
        return list(listed), True
    if several or count is None or count < 1:
        return [], False
    if call.operation in ("chunk", "unsafe_chunk"):
        if whole is None:
            return [None] * count, True  # as many as asked for, unless there are not enough rows
        count = max(-(-whole // count), 1)
    if whole is None:
        return [], False
    return [min(count, whole - start) for start in range(0, whole, count)], True
