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
LAYOUT = frozenset({"contiguous", "reshape", "flatten", "view_as", "reshape_as", "ravel", "Flatten"})
"""Operations whose result shares memory depending on the layout of their argument."""

CREATORS = frozenset({"zeros", "ones", "empty", "rand", "randn"})
_KEEPS_DTYPE = frozenset({"zeros_like", "ones_like", "rand_like", "randn_like", "empty_like", "full_like", "clone", "new_zeros", "new_ones",
                          "new_empty", "new_full"})  # fmt: skip
CASTS = frozenset(
    {
        "float",
        "double",
        "half",
        "bfloat16",
        "int",
        "long",
        "bool",
        "short",
        "byte",
        "type",
        "type_as",
        "cdouble",
        "cfloat",
    }
)
PRESERVING = frozenset({
    "relu", "sigmoid", "tanh", "exp", "exp2", "log", "sqrt", "sin", "cos", "abs", "absolute", "neg", "negative", "gelu", "silu", "dropout",
    "Dropout", "ReLU", "Sigmoid", "Tanh", "GELU", "SiLU", "clamp", "clip", "clamp_min", "clamp_max", "leaky_relu", "LeakyReLU", "elu",
    "ELU", "softplus", "Softplus", "round", "sign", "floor", "ceil", "Identity", "square", "rsqrt", "normalize", "relu6", "hardtanh",
    "hardswish", "mish", "selu", "SELU", "celu", "hardsigmoid", "Hardsigmoid", "softsign", "logsigmoid", "LogSigmoid", "tan", "erf",
    "erfc", "log2", "log10", "asin", "acos", "atan", "sinh", "cosh", "asinh", "acosh", "atanh", "sgn", "trunc", "fix", "frac",
    "nan_to_num", "threshold", "tanhshrink", "Hardswish", "Mish", "Hardtanh", "ReLU6", "log1p", "expm1", "reciprocal", "flip", "clone",
    "zeros_like", "ones_like", "rand_like", "randn_like", "empty_like", "full_like", "logit", "sinc", "angle", "isnan", "isinf",
    "isfinite", "logical_not", "bitwise_not", "prelu", "PReLU", "rad2deg", "deg2rad", "digamma", "lgamma", "bernoulli", "feature_dropout",
    "alpha_dropout", "softshrink", "hardshrink", "Threshold", "randint_like", "__rsub__", "__rtruediv__", "__rpow__", "hardtanh_",
})  # fmt: skip
"""Elementwise operations of one tensor: shape and order of strides stay."""
SAME_SHAPE = frozenset({
    "softmax", "log_softmax", "LayerNorm", "layer_norm", "Softmax", "LogSoftmax", "BatchNorm1d", "BatchNorm2d", "BatchNorm3d",
    "batch_norm", "masked_fill", "tril", "triu", "cumsum", "cumprod", "group_norm", "GroupNorm", "InstanceNorm1d", "InstanceNorm2d",
    "instance_norm", "RMSNorm", "rms_norm", "roll", "cummax", "cummin", "sort", "argsort", "logcumsumexp", "softmin", "gumbel_softmax",
    "Dropout1d", "Dropout2d", "Dropout3d", "dropout1d", "dropout2d", "dropout3d", "index_add", "index_fill", "index_copy", "scatter",
    "scatter_add", "scatter_reduce", "masked_scatter", "index_put", "renorm", "local_response_norm", "fill", "cross", "rot90",
})  # fmt: skip
"""Operations that give a row-major tensor of the shape of their first argument."""
POINTWISE = frozenset({
    "add", "sub", "subtract", "mul", "multiply", "div", "divide", "true_divide", "maximum", "minimum", "fmax", "fmin", "eq", "ne", "lt",
    "le", "gt", "ge", "where", "lerp", "bitwise_and", "bitwise_or", "bitwise_xor", "logical_and", "logical_or", "logical_xor",
    "remainder", "fmod", "floor_divide", "atan2", "hypot", "addcmul", "addcdiv", "pow", "float_power", "rsub", "xlogy", "logaddexp",
    "copysign", "isclose", "complex", "polar", "heaviside",
})  # fmt: skip
"""Elementwise operations of several tensors, which broadcast."""


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
    rank = max(map(len, known), default=0)
    result: list[int | None] = []
    for index in range(-rank, 0):
        found = {shape[index] for shape in known if len(shape) >= -index} - {1}
        result.append(1 if not found else found.pop() if len(found) == 1 else None)
    return tuple(result)


def outgrows(path: Path, call: Application, written: int) -> bool:
    """Whether an in-place operation would need another shape than the written tensor has: torch raises."""
    if call.operation.removesuffix("_") not in POINTWISE or not call.operation.endswith("_"):
        return False
    inputs = [path.tensor(oid).shape for oid in call.inputs()]
    if any(shape is None or None in shape for shape in inputs):
        return False
    needed = broadcast(inputs)
    return needed is not None and None not in needed and needed != path.tensor(written).shape


_KEEPS_INTEGERS = frozenset({
    "clamp", "clip", "abs", "neg", "flip", "roll", "cumsum", "sign", "masked_fill", "add", "sub", "mul", "where", "maximum", "minimum",
    "bitwise_and", "bitwise_or", "bitwise_xor", "bitwise_not", "remainder", "floor_divide", "gather", "index_select", "cat", "stack",
    "repeat", "repeat_interleave", "tril", "triu", "sort", "scatter", "index", "masked_select", "pow", "square", "round", "floor",
    "ceil", "unfold", "pad", "max", "min", "take", "index_add", "fmod", "tile", "concat", "rsub", "__rsub__",
})  # fmt: skip
"""Operations that give integers for integers (``sum`` and ``cumsum`` of smaller ones give int64)."""


def result_dtype(path: Path, call: Application) -> str | None:
    """The dtype of a fresh result where arguments fix it."""
    operation, bound = call.operation, call.bound
    if operation in ("randint", "randperm", "bincount", "argsort"):
        return "int64"
    if operation == "to":
        return _asked_dtype(path, call)
    if operation in ("tensor", "as_tensor", "full"):
        return literal_dtype(path, first(bound, "data", "fill_value"))
    if operation == "arange":
        values = [v for name in ("start", "end", "step") for v in bound.get(name, ())]
        return "int64" if all(number(value) is not None for value in values) else None
    if operation in CREATORS or operation in ("linspace", "eye"):
        return "float32"
    if operation in ("normal", "polar", "complex", "stft") and not call.inputs():
        return "float32" if operation == "normal" else None
    return _promoted(path, call)


_FLOATS = ("float16", "bfloat16", "float32", "float64", "complex64", "complex128")


def _promoted(path: Path, call: Application) -> str | None:
    """The dtype that comes of the operands': floats win over integers, wider over narrower, tensors over numbers.

    What is not elementwise (``linear``, ``gather``, ``cross_entropy``) has the dtype of its floating operands.
    """
    operation = call.operation
    oids = [oid for name, oids in call.tensors.items() if name not in _ASIDE for oid in oids]
    found = {path.tensor(oid).dtype for oid in oids}
    floats = [dtype for dtype in _FLOATS if dtype in found]
    if floats:
        elementwise = operation in POINTWISE and len(found) > 1
        if None in found and elementwise:
            return None
        full = {path.tensor(oid).dtype for oid in oids if path.tensor(oid).shape != ()} & set(floats)
        ranked = [dtype for dtype in floats if dtype in full] or floats
        return ranked[-1] if {"float16", "bfloat16"} - found else "float32"
    if len(found) != 1:
        return None
    whole = not any(_is_float(value) for values in call.bound.values() for value in values)
    keeps = operation in _KEEPS_DTYPE or (whole and operation in _KEEPS_INTEGERS)
    return found.pop() if keeps else None


_ASIDE = frozenset({"mask", "condition", "index", "indices", "target", "offsets"})
"""Operands that do not count for the dtype of the result."""


def _asked_dtype(path: Path, call: Application) -> str | None:
    """``x.to(torch.float64)``, ``x.to(other)``, ``x.to("cpu")``."""
    for name, values in call.bound.items():
        for value in values if name != "self" else ():
            if isinstance(value, External):
                dtype = value.name.rpartition(".")[2]
                if dtype in DTYPES:
                    return ALIASES.get(dtype, dtype)
            elif isinstance(value, TensorRef):
                return path.tensor(value.oid).dtype
            elif not (isinstance(value, Const) and isinstance(value.value, (str, bool, type(None)))):
                return None
    oid = next(iter(call.tensors.get("self", ())), None)
    return path.tensor(oid).dtype if oid is not None else None


def _is_float(value: Value) -> bool:
    """May this operand turn an integral tensor into a floating one?"""
    return not isinstance(value, (TensorRef, External)) and not (
        isinstance(value, Const) and not isinstance(value.value, (float, complex))
    )


def literal_dtype(path: Path, value: Value | None) -> str | None:
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
