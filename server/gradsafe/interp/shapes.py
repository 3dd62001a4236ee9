"""Sizes, dtypes and layouts, as far as a source tells them. Unknown is None (or MAYBE), never a guess.

They matter in few places: how many views ``unbind`` gives, whether ``reshape`` copies, whether
a written view overlaps itself, and which overload of an operation a call runs.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING

from gradsafe.domain.state import Path
from gradsafe.domain.tensors import Shape, Tensor, Tri
from gradsafe.domain.values import Const, External, ListRef, TensorRef, TupleValue, Value, const

if TYPE_CHECKING:
    from gradsafe.interp.torch_ops import Application

INTEGRAL = frozenset({"bool", "uint8", "int8", "int16", "int32", "int64"})
DTYPES = INTEGRAL | frozenset(
    {"float16", "bfloat16", "float32", "float64", "complex64", "complex128", "half", "float", "double", "long",
     "int", "short", "cfloat", "cdouble"}
)  # fmt: skip
ALIASES = {
    "half": "float16",
    "float": "float32",
    "double": "float64",
    "long": "int64",
    "int": "int32",
    "short": "int16",
}
LAYOUT = frozenset({"contiguous", "reshape", "flatten", "view_as", "reshape_as", "ravel"})
"""Operations whose result shares memory depending on the layout of their argument."""

_CREATORS = frozenset({"zeros", "ones", "empty", "rand", "randn", "full"})
_LIKE = frozenset({"zeros_like", "ones_like", "rand_like", "randn_like", "empty_like", "full_like", "clone"})
_REDUCTIONS = frozenset(
    {"sum", "mean", "prod", "max", "min", "norm", "std", "var", "amax", "amin", "logsumexp", "all", "any"}
)
_SAME_SHAPE = frozenset({
    "relu", "sigmoid", "tanh", "exp", "log", "sqrt", "sin", "cos", "abs", "neg", "gelu", "silu", "softmax",
    "log_softmax", "dropout", "Dropout", "ReLU", "Sigmoid", "Tanh", "GELU", "SiLU", "LayerNorm", "layer_norm",
    "clamp", "leaky_relu", "LeakyReLU", "elu", "ELU", "softplus", "Softmax", "BatchNorm1d", "BatchNorm2d", "round",
    "sign", "floor", "ceil", "float", "double", "detach", "contiguous", "masked_fill", "Identity", "tril", "triu",
    "cumsum", "cumprod", "square", "rsqrt", "normalize", "group_norm", "GroupNorm", "batch_norm", "relu6", "hardtanh", "log1p", "expm1", "reciprocal", "pow", "flip", "roll",
})  # fmt: skip
_POINTWISE = frozenset({
    "add", "sub", "mul", "div", "maximum", "minimum", "eq", "ne", "lt", "le", "gt", "ge", "where", "lerp",
    "bitwise_and", "bitwise_or", "logical_and", "logical_or", "remainder", "floor_divide", "atan2", "hypot",
})  # fmt: skip


def number(value: Value | None) -> int | None:
    """A known int, else None."""
    if isinstance(value, Const) and isinstance(value.value, int) and not isinstance(value.value, bool):
        return value.value
    return None


def sizes(path: Path, values: tuple[Value, ...]) -> Shape:
    """Sizes given as ``(2, 3)`` or ``2, 3``; None where even their number is unknown."""
    if len(values) == 1 and isinstance(values[0], TupleValue):
        values = values[0].items
    elif len(values) == 1 and isinstance(values[0], ListRef):
        held = path.items(values[0].oid)
        if held.rest is not None:
            return None
        values = held.known
    elif len(values) == 1 and not isinstance(values[0], Const):
        return None
    return tuple(number(value) for value in values)


def first(bound: Mapping[str, tuple[Value, ...]], *names: str) -> Value | None:
    """The value bound to the first of ``names`` that is bound."""
    for name in names:
        values = bound.get(name)
        if values:
            return values[0]
    return None


def result_shape(path: Path, call: Application) -> Shape:
    """The shape of a fresh result, for the operations where it is plain."""
    operation, bound = call.operation, call.bound
    if operation in _CREATORS:
        return sizes(path, bound.get("size", ()))
    if operation in ("arange", "linspace", "eye", "randperm", "tensor", "as_tensor", "randint", "normal"):
        return _made_shape(path, operation, bound)
    inputs = [path.tensor(oid).shape for oid in call.inputs()]
    if not inputs or inputs[0] is None:
        return None
    if operation in _LIKE or operation in _SAME_SHAPE:
        return inputs[0]
    if operation in _POINTWISE:
        return broadcast(inputs)
    if operation in _REDUCTIONS:
        return _reduced(path, inputs[0], bound)
    if operation in ("linear", "Linear", "Embedding", "embedding"):
        return _linear_shape(path, call, inputs[0])
    if operation in ("matmul", "mm", "bmm") and len(inputs) == 2 and inputs[1] is not None:
        a, b = inputs[0], inputs[1]
        return (*a[:-1], b[-1]) if len(a) >= 2 and len(b) >= 2 and len(a) >= len(b) else None
    if operation in ("reshape", "flatten", "contiguous", "to"):
        return view_shape(path, call, call.inputs()[0])[0]
    return None


def _linear_shape(path: Path, call: Application, shape: tuple[int | None, ...]) -> Shape:
    weight = next(iter(call.tensors.get("weight", ())), None)
    sizes_of_weight = path.tensor(weight).shape if weight is not None else None
    if call.operation.lower() == "linear":
        return (*shape[:-1], sizes_of_weight[0] if sizes_of_weight else None)
    return (*shape, sizes_of_weight[1] if sizes_of_weight else None)


def _made_shape(path: Path, operation: str, bound: Mapping[str, tuple[Value, ...]]) -> Shape:
    if operation == "arange":
        start, end, step = (number(first(bound, name)) for name in ("start", "end", "step"))
        if end is not None and step in (None, 1):
            return (max(0, end - (start or 0)),)
        return (None,)
    if operation == "linspace":
        return (number(first(bound, "steps")),)
    if operation == "randperm":
        return (number(first(bound, "n")),)
    if operation == "eye":
        rows = number(first(bound, "n"))
        columns = first(bound, "m")
        return (rows, number(columns) if columns is not None else rows)
    if operation in ("tensor", "as_tensor"):
        return literal_shape(path, first(bound, "data"))
    return sizes(path, bound["size"]) if bound.get("size") else None


def literal_shape(path: Path, value: Value | None) -> Shape:
    """The shape of nested lists of numbers."""
    if isinstance(value, Const):
        return () if isinstance(value.value, (int, float)) else None
    items: tuple[Value, ...] | None = None
    if isinstance(value, TupleValue):
        items = value.items
    elif isinstance(value, ListRef) and path.items(value.oid).rest is None:
        items = path.items(value.oid).known
    if items is None:
        return None
    inner = literal_shape(path, items[0]) if items else ()
    return (len(items), *inner) if inner is not None else None


def broadcast(inputs: list[Shape]) -> Shape:
    """The broadcast shape; a number operand is no input here."""
    known = [shape for shape in inputs if shape is not None]
    if len(known) != len(inputs):
        return None
    rank = max(map(len, known))
    result: list[int | None] = []
    for index in range(-rank, 0):
        found = {shape[index] for shape in known if len(shape) >= -index} - {1}
        result.append(1 if not found else found.pop() if len(found) == 1 else None)
    return tuple(result)


def _reduced(path: Path, shape: tuple[int | None, ...], bound: Mapping[str, tuple[Value, ...]]) -> Shape:
    dim, keep = first(bound, "dim"), first(bound, "keepdim")
    if dim is None or dim == const(None):
        return ()
    dims = sizes(path, (dim,))
    if dims is None or None in dims:
        return None
    hit = {d % len(shape) for d in dims if d is not None} if shape else set()
    if isinstance(keep, Const) and keep.value is True:
        return tuple(1 if index in hit else size for index, size in enumerate(shape))
    return tuple(size for index, size in enumerate(shape) if index not in hit)


def result_dtype(path: Path, call: Application) -> str | None:
    """The dtype of a fresh result where arguments fix it."""
    operation, bound = call.operation, call.bound
    if operation in ("randint", "randperm", "bincount", "argsort"):
        return "int64"
    if operation in ("tensor", "as_tensor", "full"):
        return _literal_dtype(path, first(bound, "data", "fill_value"))
    if operation == "arange":
        values = [v for name in ("start", "end", "step") for v in bound.get(name, ())]
        return "int64" if all(number(value) is not None for value in values) else None
    if operation in _CREATORS or operation in ("linspace", "eye"):
        return "float32"
    found = {path.tensor(oid).dtype for oid in call.inputs()}
    if len(found) == 1:
        dtype = found.pop()
        whole = not any(_is_float(value) for values in bound.values() for value in values)
        keeps = whole and (
            operation in _LIKE or operation in _SAME_SHAPE or operation in _POINTWISE - {"div"}
        )
        if dtype is not None and (dtype not in INTEGRAL or keeps):
            return dtype
    return None


def _is_float(value: Value) -> bool:
    """May this operand turn an integral tensor into a floating one?"""
    return not isinstance(value, (TensorRef, External)) and not (
        isinstance(value, Const) and not isinstance(value.value, (float, complex))
    )


def _literal_dtype(path: Path, value: Value | None) -> str | None:
    while isinstance(value, (TupleValue, ListRef)):
        items = value.items if isinstance(value, TupleValue) else path.items(value.oid).known
        if not items:
            return None
        if any(isinstance(item, Const) and isinstance(item.value, float) for item in items):
            return "float32"
        value = items[0]
    if isinstance(value, Const):
        return {bool: "bool", int: "int64", float: "float32"}.get(type(value.value))
    return None


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
    if operation in ("detach", "data", "view_as_real", "positive", "alias"):
        return shape, tensor.contiguous
    return None, Tri.MAYBE


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


def python_value(tensor: Tensor, operation: str, bound: Mapping[str, tuple[Value, ...]]) -> Value | None:
    """``size()``, ``dim()``, ``numel()``, ``is_contiguous()`` ... where the shape tells."""
    shape = tensor.shape
    if operation == "is_floating_point" and tensor.dtype is not None:
        return const(tensor.dtype not in INTEGRAL)
    if shape is None:
        return None
    if operation in ("dim", "ndimension"):
        return const(len(shape))
    if operation == "numel" and None not in shape:
        return const(math.prod(size for size in shape if size is not None))
    if operation == "size":
        dim = first(bound, "dim")
        if dim is None:
            return shape_value(shape)
        index = number(dim)
        if index is not None and -len(shape) <= index < len(shape) and shape[index] is not None:
            return const(shape[index])
    return None


def shape_value(shape: tuple[int | None, ...]) -> Value | None:
    """``tensor.shape`` as a tuple of ints; None where a size is unknown."""
    return TupleValue(tuple(const(size) for size in shape)) if None not in shape else None


def initial_version(operation: str) -> int:
    """The counter of a new tensor: 0, but for factories that fill what they made (measured, AUTOGRAD.md 9.40)."""
    return 0
