"""Sizes, dtypes and layouts, as far as a source tells them. Unknown is None (or MAYBE), never a guess.

They matter in few places: how many views ``unbind`` gives, whether ``reshape`` copies, whether
a written view overlaps itself, and which overload of an operation a call runs.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING

from gradsafe.domain.state import Path
from gradsafe.domain.tensors import Shape, Tensor
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
    "cumsum", "cumprod", "square", "rsqrt", "normalize", "group_norm", "GroupNorm", "batch_norm", "relu6", "hardtanh", "hardswish", "mish", "selu", "celu", "hardsigmoid", "softsign", "logsigmoid", "tan", "erf", "log2", "log10", "asin", "acos", "atan", "sinh", "cosh", "sgn", "trunc", "frac", "nan_to_num", "threshold", "tanhshrink", "Hardswish", "Mish", "Hardtanh", "ReLU6", "Dropout1d", "Dropout2d", "InstanceNorm2d", "BatchNorm3d", "RMSNorm", "log1p", "expm1", "reciprocal", "pow", "flip", "roll",
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
    from gradsafe.interp import layouts  # views are reshaped copies where a layout forbids a view

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
    if operation in ("index_select", "gather", "take_along_dim", "cat", "concat", "stack"):
        return _selected_shape(path, call, inputs)
    if operation in ("matmul", "mm", "bmm") and len(inputs) == 2 and inputs[1] is not None:
        a, b = inputs[0], inputs[1]
        return (*a[:-1], b[-1]) if len(a) >= 2 and len(b) >= 2 and len(a) >= len(b) else None
    if operation in ("reshape", "flatten", "contiguous", "to"):
        return layouts.view_shape(path, call, call.inputs()[0])[0]
    return None


def _selected_shape(path: Path, call: Application, inputs: list[Shape]) -> Shape:
    """Shapes of ``index_select``, ``gather``, ``stack`` and ``cat``."""
    shape, dim = inputs[0], number(first(call.bound, "dim"))
    if call.operation in ("gather", "take_along_dim"):
        return inputs[1] if len(inputs) > 1 else None
    alike = shape is not None and all(other is not None and len(other) == len(shape) for other in inputs)
    if shape is None or not (alike or call.operation == "index_select"):
        return None
    if call.operation == "stack":
        at = (dim or 0) % (len(shape) + 1)
        return (*shape[:at], len(inputs), *shape[at:])
    if not shape:
        return None
    at = (dim or 0) % len(shape)
    if call.operation == "index_select":
        index = inputs[1] if len(inputs) > 1 else None
        return (*shape[:at], index[0] if index else None, *shape[at + 1 :])
    sizes_along = [other[at] for other in inputs if other is not None]
    known = [size for size in sizes_along if size is not None]
    return (*shape[:at], sum(known) if len(known) == len(inputs) else None, *shape[at + 1 :])


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
