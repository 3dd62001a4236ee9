"""The layouts of fresh results: which sizes an operation gives, as far as its arguments tell. Unknown is None, never a guess.

They matter in few places: whether ``reshape`` copies, whether a written view overlaps itself, how many views
``unbind`` gives, and which line of the op table a call runs. ``net_shapes`` has those of ``nn``.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING, TypeAlias

from gradsafe.domain import layout as geometry
from gradsafe.domain.layout import Layout, layout_of
from gradsafe.domain.state import Path
from gradsafe.domain.tensors import Shape, Tri
from gradsafe.domain.values import NONE, Const, ListRef, TupleValue, const
from gradsafe.interp import layouts, shapes
from gradsafe.interp.shapes import broadcast, first, number, sizes

if TYPE_CHECKING:
    from gradsafe.interp.torch_ops import Application

Shaper: TypeAlias = "Callable[[Path, Application, list[Shape]], Shape]"
SHAPERS: dict[str, Shaper] = {}


def shaper(*names: str) -> Callable[[Shaper], Shaper]:
    """Register how the shape of these operations' (first) result follows from their arguments."""

    def register(handler: Shaper) -> Shaper:
        for name in names:
            SHAPERS[name] = handler
        return handler

    return register


ALIKE = frozenset({"max", "min", "median", "mode", "kthvalue", "topk", "sort", "cummax", "cummin", "var_mean", "std_mean",
                   "aminmax", "nanmedian", "slogdet"})  # fmt: skip
"""Operations with several results of one shape."""

_COPIED = shapes.CASTS | {"reshape", "flatten", "contiguous", "to", "ravel", "reshape_as", "Flatten"}

_DENSE = Layout(None, None, 0, Tri.YES, Tri.NO)


def result_layout(path: Path, call: Application, index: str) -> Layout:
    """The layout of a fresh result (the ``index``-th of several)."""
    operation = call.operation
    if index and operation not in ALIKE:
        return net_result(path, call, index)
    inputs = [path.tensor(oid) for oid in call.inputs()]
    if operation in shapes.POINTWISE or operation in shapes.PRESERVING:
        shape = broadcast([tensor.shape for tensor in inputs])
        return geometry.pointwise([layout_of(tensor) for tensor in inputs], shape)
    known = [tensor.shape for tensor in inputs]
    if operation in shapes.SAME_SHAPE:
        return geometry.dense(known[0]) if known else _DENSE
    if operation in _COPIED:
        return _copied(path, call)
    handler = SHAPERS.get(operation)
    return _of_shaper(handler, path, call, known) if handler is not None else _DENSE


def _of_shaper(shaper: Shaper, path: Path, call: Application, inputs: list[Shape]) -> Layout:
    """What the operation's shaper says. It counts on inputs that torch takes; of others (a sequence of one dimension for an LSTM, say)
    nothing is known, since torch raises.
    """
    try:
        return geometry.dense(shaper(path, call, inputs))
    except (ArithmeticError, IndexError, ValueError):
        return _DENSE


def net_result(path: Path, call: Application, index: str) -> Layout:
    """Further results: the states of recurrent layers."""
    handler = SHAPERS.get(f"{call.operation}[{index}]")
    known = [path.tensor(oid).shape for oid in call.inputs()]
    return _of_shaper(handler, path, call, known) if handler is not None else _DENSE


def _copied(path: Path, call: Application) -> Layout:
    """What ``reshape`` or ``to`` copies: rows in order, or the strides that were there."""
    oid = next(iter(call.inputs()), None)
    if oid is None:
        return _DENSE
    layout = layout_of(path.tensor(oid))
    if call.operation == "to" or call.operation in shapes.CASTS:
        return geometry.pointwise([layout], layout.shape)
    shape = layouts.asked_shape(path, call, layout.shape)
    return geometry.dense(geometry.viewed_shape(layout.shape, shape))


@shaper(
    "zeros",
    "ones",
    "empty",
    "rand",
    "randn",
    "full",
    "new_zeros",
    "new_ones",
    "new_empty",
    "new_full",
    "normal",
    "randint",
)
def _created(path: Path, call: Application, inputs: list[Shape]) -> Shape:
    if call.bound.get("size"):
        return sizes(path, call.bound["size"])
    return broadcast(inputs) if inputs else None


@shaper("tensor", "as_tensor", "new_tensor", "asarray")
def _literal(path: Path, call: Application, inputs: list[Shape]) -> Shape:
    return shapes.literal_shape(path, first(call.bound, "data", "obj"))


@shaper("arange", "range")
def _arange(path: Path, call: Application, inputs: list[Shape]) -> Shape:
    bounds: list[int | float] = []
    for name, default in (("start", 0), ("end", None), ("step", 1)):
        value = first(call.bound, name) or const(default)
        if not (isinstance(value, Const) and isinstance(value.value, (int, float))):
            return (None,)
        bounds.append(value.value)
    start, end, step = bounds
    return (max(0, math.ceil((end - start) / step)) if step else None,)


@shaper("linspace", "logspace", "randperm")
def _counted(path: Path, call: Application, inputs: list[Shape]) -> Shape:
    return (number(first(call.bound, "steps", "n")),)


@shaper("eye")
def _eye(path: Path, call: Application, inputs: list[Shape]) -> Shape:
    rows, columns = first(call.bound, "n"), first(call.bound, "m")
    return (number(rows), number(columns if columns is not None else rows))


@shaper(
    "sum", "mean", "prod", "max", "min", "norm", "std", "var", "amax", "amin", "logsumexp", "all", "any", "argmax", "argmin",
    "median", "mode", "nansum", "nanmean", "nanmedian", "var_mean", "std_mean", "count_nonzero", "vector_norm", "kthvalue",
    "aminmax",
)  # fmt: skip
def _reduced(path: Path, call: Application, inputs: list[Shape]) -> Shape:
    shape = inputs[0] if inputs else None
    if len(inputs) > 1 and call.operation in ("max", "min"):
        return broadcast(inputs)
    dim, keep = call.bound.get("dim"), first(call.bound, "keepdim")
    if call.operation in ("kthvalue", "mode") and not dim:
        dim = (const(-1),)
    if not dim or dim == (NONE,):
        return () if keep in (None, const(False)) or shape is None else (1,) * len(shape)
    dims = sizes(path, dim)
    if shape is None or dims is None or None in dims:
        return None
    hit = {d % len(shape) for d in dims if d is not None} if shape else set()
    if keep == const(True):
        return tuple(1 if index in hit else size for index, size in enumerate(shape))
    if keep not in (None, const(False)):
        return None
    return tuple(size for index, size in enumerate(shape) if index not in hit)


@shaper("topk")
def _topk(path: Path, call: Application, inputs: list[Shape]) -> Shape:
    return _resized(inputs[0], number(first(call.bound, "dim") or const(-1)), number(first(call.bound, "k")))


def _resized(shape: Shape, dim: int | None, size: int | None) -> Shape:
    """``shape`` with another size along ``dim``."""
    if not shape or dim is None or not -len(shape) <= dim < len(shape):
        return None
    at = dim % len(shape)
    return (*shape[:at], size, *shape[at + 1 :])


@shaper("matmul", "mm", "bmm", "mv", "dot", "vdot", "inner", "__rmatmul__")
def _matmul(path: Path, call: Application, inputs: list[Shape]) -> Shape:
    if len(inputs) != 2 or inputs[0] is None or inputs[1] is None or () in inputs:
        return None
    a, b = (inputs[1], inputs[0]) if call.operation == "__rmatmul__" else (inputs[0], inputs[1])
    if len(b) == 1:
        return a[:-1]
    if len(a) == 1:
        return (*b[:-2], b[-1])
    batch = broadcast([a[:-2], b[:-2]]) if len(a) > 2 or len(b) > 2 else ()
    return (*batch, a[-2], b[-1]) if batch is not None else None


@shaper("addmm", "baddbmm", "addbmm")
def _addmm(path: Path, call: Application, inputs: list[Shape]) -> Shape:
    a, b = (_of(path, call, *names) for names in (("mat1", "batch1"), ("mat2", "batch2")))
    if not a or not b:
        return None
    return (*a[:-2], a[-2], b[-1]) if call.operation != "addbmm" else (a[-2], b[-1])


def _of(path: Path, call: Application, *names: str) -> Shape:
    """The shape of the tensor that is passed under one of ``names``."""
    for name in names:
        for oid in call.tensors.get(name, ())[:1]:
            return path.tensor(oid).shape
    return None


@shaper("outer", "ger")
def _outer(path: Path, call: Application, inputs: list[Shape]) -> Shape:
    a, b = (*inputs, None, None)[:2]
    return (a[0], b[0]) if a and b else None


@shaper("einsum")
def _einsum(path: Path, call: Application, inputs: list[Shape]) -> Shape:
    equation = first(call.bound, "equation")
    if not (isinstance(equation, Const) and isinstance(equation.value, str)) or "." in equation.value:
        return None
    left, arrow, right = equation.value.replace(" ", "").partition("->")
    terms = left.split(",")
    found: dict[str, int | None] = {}
    for term, shape in zip(terms, inputs, strict=False):
        if shape is None or len(shape) != len(term):
            continue
        for letter, size in zip(term, shape, strict=True):
            if found.get(letter) in (None, 1):
                found[letter] = size
    if not arrow:
        right = "".join(sorted(letter for letter in set(left) - {","} if left.count(letter) == 1))
    return tuple(found.get(letter) for letter in right)


@shaper("cat", "concat", "concatenate")
def _cat(path: Path, call: Application, inputs: list[Shape]) -> Shape:
    dim = number(first(call.bound, "dim") or const(0))
    whole = _complete(path, call)
    rank = next((len(shape) for shape in inputs if shape is not None), None)
    if not rank or dim is None or any(shape is None or len(shape) != rank for shape in inputs):
        return None
    at = dim % rank
    lengths = [shape[at] for shape in inputs if shape is not None]
    total = sum(size for size in lengths if size is not None) if whole and None not in lengths else None
    known = [shape for shape in inputs if shape is not None]
    alike = [next((s[d] for s in known if s[d] is not None), None) for d in range(rank)]
    return (*alike[:at], total, *alike[at + 1 :])


def _complete(path: Path, call: Application) -> bool:
    """Are all tensors of the list known?"""
    held = first(call.bound, "tensors")
    return not isinstance(held, ListRef) or path.items(held.oid).rest is None


@shaper("stack")
def _stack(path: Path, call: Application, inputs: list[Shape]) -> Shape:
    dim = number(first(call.bound, "dim") or const(0))
    shape = next((shape for shape in inputs if shape is not None), None)
    if shape is None or dim is None or not -len(shape) - 1 <= dim <= len(shape):
        return None
    at = dim % (len(shape) + 1)
    return (*shape[:at], len(inputs) if _complete(path, call) else None, *shape[at:])


@shaper("hstack", "vstack", "row_stack")
def _glued(path: Path, call: Application, inputs: list[Shape]) -> Shape:
    least = 2 if call.operation != "hstack" else 1
    known = [(1,) * (least - len(shape)) + shape for shape in inputs if shape is not None]
    if len(known) != len(inputs) or not known or not _complete(path, call):
        return None
    at = 0 if call.operation != "hstack" or len(known[0]) == 1 else 1
    lengths = [shape[at] for shape in known]
    total = None if None in lengths else sum(size for size in lengths if size is not None)
    return (*known[0][:at], total, *known[0][at + 1 :])


@shaper("gather", "take_along_dim")
def _gathered(path: Path, call: Application, inputs: list[Shape]) -> Shape:
    return _of(path, call, "index", "indices") if first(call.bound, "dim") is not None else (None,)


@shaper("take")
def _taken(path: Path, call: Application, inputs: list[Shape]) -> Shape:
    return _of(path, call, "index")


@shaper("index_select")
def _index_selected(path: Path, call: Application, inputs: list[Shape]) -> Shape:
    index = _of(path, call, "index")
    return _resized(inputs[0], number(first(call.bound, "dim")), index[0] if index else None)


@shaper("masked_select")
def _masked(path: Path, call: Application, inputs: list[Shape]) -> Shape:
    return (None,)


@shaper("repeat", "tile")
def _repeated(path: Path, call: Application, inputs: list[Shape]) -> Shape:
    times = sizes(path, call.bound.get("repeats", ()) or call.bound.get("dims", ()))
    shape = inputs[0]
    if shape is None or times is None:
        return None
    rank = max(len(shape), len(times))
    shape, times = (1,) * (rank - len(shape)) + shape, (1,) * (rank - len(times)) + times
    return tuple(None if a is None or b is None else a * b for a, b in zip(shape, times, strict=True))


@shaper("repeat_interleave")
def _interleaved(path: Path, call: Application, inputs: list[Shape]) -> Shape:
    times, dim = number(first(call.bound, "repeats")), first(call.bound, "dim")
    shape = inputs[0]
    if dim is None:
        known = shape is not None and None not in shape and times is not None
        return (math.prod(s or 0 for s in shape or ()) * (times or 0) if known else None,)
    at = number(dim)
    size = shape[at] if shape and at is not None and -len(shape) <= at < len(shape) else None
    return _resized(shape, at, size * times if size is not None and times is not None else None)


@shaper("diag")
def _diag(path: Path, call: Application, inputs: list[Shape]) -> Shape:
    shape, offset = inputs[0], number(first(call.bound, "diagonal") or const(0))
    if shape is None or offset is None:
        return None
    if len(shape) == 1:
        size = None if shape[0] is None else shape[0] + abs(offset)
        return (size, size)
    return geometry.diagonal(Layout(shape), offset, 0, 1).shape


@shaper("diag_embed")
def _diag_embed(path: Path, call: Application, inputs: list[Shape]) -> Shape:
    shape = inputs[0]
    return (*shape, shape[-1]) if shape and len(call.bound) == 1 else None


@shaper("cdist")
def _cdist(path: Path, call: Application, inputs: list[Shape]) -> Shape:
    a, b = (*inputs, None, None)[:2]
    return (*a[:-1], b[-2]) if a and b and len(a) >= 2 and len(b) >= 2 else None


@shaper("one_hot")
def _one_hot(path: Path, call: Application, inputs: list[Shape]) -> Shape:
    count = number(first(call.bound, "num_classes"))
    return (*inputs[0], count if count is not None and count > 0 else None) if inputs[0] is not None else None


@shaper("multinomial")
def _multinomial(path: Path, call: Application, inputs: list[Shape]) -> Shape:
    return (*inputs[0][:-1], number(first(call.bound, "num_samples"))) if inputs[0] else None


@shaper(
    "fftshift",
    "inverse",
    "inv",
    "cholesky",
    "matrix_exp",
    "matrix_power",
    "diagonal_scatter",
    "select_scatter",
    "slice_scatter",
)
def _like(path: Path, call: Application, inputs: list[Shape]) -> Shape:
    return inputs[0] if inputs else None


@shaper("det", "logdet", "slogdet", "trace")
def _determinant(path: Path, call: Application, inputs: list[Shape]) -> Shape:
    return inputs[0][:-2] if inputs and inputs[0] is not None else None


@shaper("unfold", "fold", "nonzero")
def _unknown(path: Path, call: Application, inputs: list[Shape]) -> Shape:
    return None


@shaper("meshgrid", "cartesian_prod")
def _grid(path: Path, call: Application, inputs: list[Shape]) -> Shape:
    return None


def literal(call: Application, name: str, default: object = None) -> object:
    """A literal argument of a call, or what its module was made with; ``default`` where it is not given."""
    value = first(call.bound, name)
    if value is None:
        value = call.config.get(name)
    if value is None:
        return default
    if isinstance(value, TupleValue):
        return tuple(number(item) for item in value.items)
    return value.value if isinstance(value, Const) else None
