"""The shapes that an in-place write takes in source text."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum

import libcst as cst

from gradsafe.fixes.tree import Cursor, argument, dotted

MODULE_NAMES = frozenset({"torch", "th", "F", "functional", "nn", "init", "optim", "np", "numpy", "math"})
"""What people import modules as; ``F.relu_(h)`` writes its argument, not ``F``."""

FUNCTION_MODULES = frozenset({"torch", "th", "F", "functional", "nn.functional", "torch.nn.functional"})
"""Where an in-place function has a counterpart without the underscore (``nn.init`` has none)."""

VIEW_ATTRIBUTES = frozenset({"data", "T", "mT", "H", "mH", "real", "imag"})
"""Attributes of a tensor that are the tensor's own memory again."""

NOT_WRITES = frozenset({"requires_grad_", "detach_", "share_memory_"})

FUNCTION_FLAG = {
    "relu": 1, "relu6": 1, "selu": 1, "silu": 1, "mish": 1, "hardswish": 1, "hardsigmoid": 1,
    "leaky_relu": 2, "elu": 2, "celu": 2, "hardtanh": 3, "threshold": 3, "rrelu": 4,
    "dropout": 3, "alpha_dropout": 3, "feature_alpha_dropout": 3,
    "dropout1d": 3, "dropout2d": 3, "dropout3d": 3,
}  # fmt: skip
"""Position of ``inplace`` in the functions of ``torch.nn.functional``."""

MODULE_FLAG = {
    "ReLU": 0, "ReLU6": 0, "SELU": 0, "SiLU": 0, "Mish": 0, "Hardswish": 0, "Hardsigmoid": 0,
    "LeakyReLU": 1, "ELU": 1, "CELU": 1, "Hardtanh": 2, "RReLU": 2, "Threshold": 2,
    "Dropout": 1, "AlphaDropout": 1, "FeatureAlphaDropout": 1,
    "Dropout1d": 1, "Dropout2d": 1, "Dropout3d": 1,
}  # fmt: skip
"""Position of ``inplace`` in the constructors of ``torch.nn``."""


def words(text: str) -> frozenset[str]:
    """The words of a text: long sets of names read best that way."""
    return frozenset(text.split())


class How(Enum):
    """Which syntax writes."""

    METHOD = "h.add_(1)"
    FUNCTION = "torch.relu_(h)"
    FLAG = "F.relu(h, inplace=True)"
    OUT = "torch.mul(a, b, out=h)"
    AUGMENTED = "h += 1"
    SETITEM = "h[0] = 1"
    DATA = "h.data = x"
    MODULE = "self.act(h)"


@dataclass(frozen=True, eq=False)
class WriteForm:
    """A write: ``at`` is its call or statement, ``target`` the expression whose memory changes."""

    how: How
    at: Cursor
    target: cst.BaseExpression


def forms(cursor: Cursor) -> Iterator[WriteForm]:
    """The writes that ``cursor``'s node itself is (not what is nested in it)."""
    node = cursor.node
    if isinstance(node, cst.AugAssign):
        yield WriteForm(How.AUGMENTED, cursor, node.target)
    elif isinstance(node, cst.Assign):
        for target in (each.target for each in node.targets):
            if isinstance(target, cst.Subscript):
                yield WriteForm(How.SETITEM, cursor, target)
            elif isinstance(target, cst.Attribute) and target.attr.value == "data":
                yield WriteForm(How.DATA, cursor, target)
    elif isinstance(node, cst.Call):
        yield from _call_forms(cursor, node)


def _call_forms(cursor: Cursor, call: cst.Call) -> Iterator[WriteForm]:
    name = callee(call)
    if name is None:
        return
    if is_in_place_name(name):
        if not isinstance(call.func, cst.Attribute) or is_module(call.func.value):
            first = argument(call, 0, "input")
            if first is not None:
                yield WriteForm(How.FUNCTION, cursor, first.value)
        else:
            yield WriteForm(How.METHOD, cursor, call.func.value)
        return
    flagged = function_flag(call) if name not in MODULE_FLAG else None
    first = argument(call, 0, "input")
    if flagged is not None and first is not None and first is not flagged:
        yield WriteForm(How.FLAG, cursor, first.value)
    out = argument(call, None, "out")
    if out is not None:
        yield WriteForm(How.OUT, cursor, out.value)


def callee(call: cst.Call) -> str | None:
    """The last name of what is called."""
    func = call.func
    if isinstance(func, cst.Attribute):
        return func.attr.value
    return func.value if isinstance(func, cst.Name) else None


def is_module(node: cst.CSTNode) -> bool:
    """Whether the expression names an imported module rather than a tensor."""
    return (dotted(node) or "").partition(".")[0] in MODULE_NAMES


def is_in_place_name(name: str) -> bool:
    """Torch's convention: one trailing underscore."""
    return name.endswith("_") and not name.endswith("__") and len(name) > 1 and name not in NOT_WRITES


def in_place_steps(at: Cursor) -> list[Cursor]:
    """The in-place calls of the chain around ``at``, the one on the tensor first."""
    below: list[Cursor] = []
    cursor = at
    while isinstance(cursor.node, cst.Call) and isinstance(cursor.node.func, cst.Attribute):
        inner = cursor.node.func.value
        if not (isinstance(inner, cst.Call) and isinstance(inner.func, cst.Attribute)):
            break
        if not is_in_place_name(inner.func.attr.value) or is_module(inner.func.value):
            break
        cursor = Cursor(inner, Cursor(cursor.node.func, cursor))
        below.append(cursor)
    above: list[Cursor] = []
    cursor = at
    while cursor.parent is not None and cursor.parent.parent is not None:
        attribute, call = cursor.parent.node, cursor.parent.parent
        if not isinstance(attribute, cst.Attribute) or attribute.value is not cursor.node:
            break
        if not isinstance(call.node, cst.Call) or not is_in_place_name(attribute.attr.value):
            break
        cursor = call
        above.append(cursor)
    return [*reversed(below), at, *above]


def function_flag(call: cst.Call) -> cst.Arg | None:
    """The ``inplace`` argument of a call of a function, if it is given and not plainly False."""
    return _flag(call, FUNCTION_FLAG.get(callee(call) or ""))


def module_flag(call: cst.Call) -> cst.Arg | None:
    """The ``inplace`` argument of the construction of a module, if it is given and not plainly False."""
    return _flag(call, MODULE_FLAG.get(callee(call) or ""))


def _flag(call: cst.Call, position: int | None) -> cst.Arg | None:
    flag = argument(call, position, "inplace")
    if flag is None or (isinstance(flag.value, cst.Name) and flag.value.value == "False"):
        return None
    return flag


@dataclass(frozen=True)
class Containers:
    """Names of lists and dicts, whose items can be bound anew, and of tuples, whose items cannot."""

    open: frozenset[str] = frozenset()
    closed: frozenset[str] = frozenset()

    def holds(self, expression: cst.BaseExpression) -> bool:
        """Whether this is such a name, and so no tensor (``torch._foreach_mul_(tensors, 2)``)."""
        return dotted(expression) in self.open | self.closed

    def is_item(self, expression: cst.BaseExpression) -> bool:
        """Whether this is an item that can be bound anew."""
        if not isinstance(expression, cst.Subscript):
            return False
        name = dotted(expression.value)
        return name not in self.closed and (name in self.open or (name is not None and _by_key(expression)))


def _by_key(node: cst.Subscript) -> bool:
    """``outputs["hidden"]``: no tensor is indexed by a string."""
    index = node.slice[0].slice if len(node.slice) == 1 else None
    return isinstance(index, cst.Index) and isinstance(
        index.value, (cst.SimpleString, cst.ConcatenatedString, cst.FormattedString)
    )


def holder(expression: cst.BaseExpression, containers: Containers) -> cst.BaseExpression | None:
    """What holds the memory of ``expression``: ``h`` for ``h.view(3)[0].T``, ``xs[0]`` for ``xs[0].T`` of a list.

    None where nothing in sight holds it (``torch.exp(x)`` is a temporary).
    """
    while True:
        if isinstance(expression, cst.Subscript):
            if containers.is_item(expression):
                return expression
            expression = expression.value
        elif isinstance(expression, cst.Attribute) and expression.attr.value in VIEW_ATTRIBUTES:
            expression = expression.value
        elif isinstance(expression, cst.Call) and isinstance(expression.func, cst.Attribute):
            if is_module(expression.func.value):
                return None
            expression = expression.func.value
        else:
            name = dotted(expression)
            return expression if name is not None and name not in containers.closed else None
