"""Python's operators as operations of the table."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Operator:
    """One binary operator: ``tensor * any``, ``any * tensor``, and ``tensor *= any``.

    ``reflected`` takes the tensor on the right as its first argument. ``in_place`` is empty where Python rebinds the
    name to a new tensor instead (``@=``).
    """

    direct: str
    reflected: str
    in_place: str


BINARY: Final[Mapping[str, Operator]] = {
    "+": Operator("Tensor.add", "Tensor.add", "Tensor.add_"),
    "-": Operator("Tensor.sub", "Tensor.__rsub__", "Tensor.sub_"),
    "*": Operator("Tensor.mul", "Tensor.mul", "Tensor.mul_"),
    "/": Operator("Tensor.div", "Tensor.__rtruediv__", "Tensor.div_"),
    "//": Operator("Tensor.floor_divide", "Tensor.__rfloordiv__", "Tensor.floor_divide_"),
    "%": Operator("Tensor.remainder", "Tensor.__rmod__", "Tensor.remainder_"),
    "**": Operator("Tensor.pow", "Tensor.__rpow__", "Tensor.pow_"),
    "@": Operator("Tensor.matmul", "Tensor.__rmatmul__", ""),
    "&": Operator("Tensor.bitwise_and", "Tensor.bitwise_and", "Tensor.bitwise_and_"),
    "|": Operator("Tensor.bitwise_or", "Tensor.bitwise_or", "Tensor.bitwise_or_"),
    "^": Operator("Tensor.bitwise_xor", "Tensor.bitwise_xor", "Tensor.bitwise_xor_"),
    "<<": Operator("Tensor.bitwise_left_shift", "Tensor.__rlshift__", "Tensor.bitwise_left_shift_"),
    ">>": Operator("Tensor.bitwise_right_shift", "Tensor.__rrshift__", "Tensor.bitwise_right_shift_"),
    "==": Operator("Tensor.eq", "Tensor.eq", ""),
    "!=": Operator("Tensor.ne", "Tensor.ne", ""),
    "<": Operator("Tensor.lt", "Tensor.gt", ""),
    "<=": Operator("Tensor.le", "Tensor.ge", ""),
    ">": Operator("Tensor.gt", "Tensor.lt", ""),
    ">=": Operator("Tensor.ge", "Tensor.le", ""),
}

UNARY: Final[Mapping[str, str]] = {
    "-": "Tensor.neg",
    "+": "Tensor.positive",
    "~": "Tensor.bitwise_not",
    "abs": "Tensor.abs",
}

METHODS: Final[Mapping[str, str]] = {
    "__add__": "add",
    "__radd__": "add",
    "__iadd__": "add_",
    "__sub__": "sub",
    "__isub__": "sub_",
    "__mul__": "mul",
    "__rmul__": "mul",
    "__imul__": "mul_",
    "__truediv__": "div",
    "__div__": "div",
    "__idiv__": "div_",
    "__itruediv__": "div_",
    "__floordiv__": "floor_divide",
    "__ifloordiv__": "floor_divide_",
    "__mod__": "remainder",
    "__imod__": "remainder_",
    "__pow__": "pow",
    "__ipow__": "pow_",
    "__matmul__": "matmul",
    "__and__": "bitwise_and",
    "__rand__": "bitwise_and",
    "__iand__": "bitwise_and_",
    "__or__": "bitwise_or",
    "__ror__": "bitwise_or",
    "__ior__": "bitwise_or_",
    "__xor__": "bitwise_xor",
    "__rxor__": "bitwise_xor",
    "__ixor__": "bitwise_xor_",
    "__lshift__": "bitwise_left_shift",
    "__rshift__": "bitwise_right_shift",
    "__ilshift__": "bitwise_left_shift_",
    "__irshift__": "bitwise_right_shift_",
    "__eq__": "eq",
    "__ne__": "ne",
    "__lt__": "lt",
    "__le__": "le",
    "__gt__": "gt",
    "__ge__": "ge",
    "__neg__": "neg",
    "__pos__": "positive",
    "__abs__": "abs",
    "__invert__": "bitwise_not",
}
"""A Tensor's operator methods that are another method under a Python name."""
