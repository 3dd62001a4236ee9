"""Reads of a variable, and after which of them somebody else may hold its tensor.

What hands a tensor on is everything that is not known to make something new of it: an assignment, a call of what is no function of
torch, a view that is kept, an element of a list. The op table says what torch's functions and methods give back.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

import libcst as cst

from gradsafe.fixes.forms import VIEW_ATTRIBUTES, callee, is_module, words
from gradsafe.fixes.tree import Cursor, argument, dotted
from gradsafe.ops.notation import Op, Return
from gradsafe.ops.table import load

NOT_MEMORY = words("shape dtype device ndim requires_grad is_leaf is_cuda itemsize nbytes layout names")
NUMBERS = words(
    "size dim numel item tolist stride is_contiguous ndimension nelement element_size is_floating_point is_complex get_device equal"
)
"""Methods that give something else than a tensor, and keep nothing of it."""
BUILTINS = words("print len float int bool isinstance str repr format round type")
SHORT = {"F": "torch.nn.functional", "functional": "torch.nn.functional", "nn": "torch.nn", "th": "torch"}


def is_read(cursor: Cursor) -> bool:
    """Whether a name is read here: not bound, deleted, or the name of an argument or an attribute."""
    node, parent = cursor.node, cursor.parent
    above = parent.node if parent is not None else None
    if isinstance(above, cst.Attribute):
        return above.value is node
    if isinstance(above, cst.Arg):
        return above.value is node
    if isinstance(above, cst.AugAssign):
        return above.value is node
    if isinstance(
        above, (cst.Param, cst.NameItem, cst.AsName, cst.FunctionDef, cst.ClassDef, cst.ImportAlias)
    ):
        return isinstance(above, cst.Param) and above.default is node
    if isinstance(above, cst.NamedExpr):
        return above.value is node
    at = cursor
    while at.parent is not None and isinstance(
        at.parent.node, (cst.Tuple, cst.List, cst.Element, cst.StarredElement)
    ):
        at = at.parent
    above = at.parent.node if at.parent is not None else None
    if isinstance(above, (cst.AssignTarget, cst.Del)):
        return False
    if isinstance(above, (cst.AnnAssign, cst.For, cst.CompFor)):
        return above.target is not at.node
    return not any(isinstance(each.node, cst.Annotation) for each in cursor.ancestors())


def hands_on(cursor: Cursor) -> bool:
    """Whether somebody else may hold what the expression gives (or a view of it) once its statement is over."""
    parent = cursor.parent
    while parent is not None:
        above = parent.node
        if isinstance(
            above, (cst.BinaryOperation, cst.Comparison, cst.ComparisonTarget, cst.FormattedStringExpression)
        ):
            return False
        if isinstance(above, cst.UnaryOperation):
            return isinstance(above.operator, cst.Plus)
        if isinstance(above, (cst.Expr, cst.Return, cst.Assert)):
            return isinstance(above, cst.Assert) and above.test is not cursor.node
        if isinstance(above, (cst.If, cst.While)):
            return above.test is not cursor.node
        step = _through(cursor, parent)
        if isinstance(step, bool):
            return step
        cursor, parent = step, step.parent
    return True


def _through(cursor: Cursor, parent: Cursor) -> Cursor | bool:
    """The expression around that is the same memory; or whether it is handed on here."""
    node, above = cursor.node, parent.node
    if isinstance(above, cst.Attribute):
        return _of_attribute(parent, above)
    if isinstance(above, cst.Subscript):
        if above.value is not node:
            return True
        around = parent.parent.node if parent.parent is not None else None
        return False if isinstance(around, (cst.AssignTarget, cst.AugAssign)) else parent
    if isinstance(above, cst.IfExp):
        return False if above.test is node else parent
    if isinstance(above, cst.BooleanOperation):
        return parent
    if isinstance(above, cst.Arg) and parent.parent is not None and isinstance(parent.parent.node, cst.Call):
        return True if above.star else _of_argument(parent.parent, parent.parent.node)
    if isinstance(above, cst.Element) and parent.parent is not None:
        return _of_element(parent.parent)
    return True


def _of_attribute(at: Cursor, attribute: cst.Attribute) -> Cursor | bool:
    name = attribute.attr.value
    call = at.parent
    if call is None or not isinstance(call.node, cst.Call) or call.node.func is not attribute:
        return at if name in VIEW_ATTRIBUTES else name not in NOT_MEMORY
    if name in NUMBERS:
        return False
    return _by_table(f"Tensor.{name}", call, writes_allowed=True)


def _of_argument(at: Cursor, call: cst.Call) -> Cursor | bool:
    name = callee(call) or ""
    if isinstance(call.func, cst.Name):
        return name not in BUILTINS
    if not isinstance(call.func, cst.Attribute) or not is_module(call.func.value):
        return True
    if any(argument(call, None, keyword) is not None for keyword in ("out", "inplace")):
        return True
    first, _, rest = (dotted(call.func) or "").partition(".")
    return _by_table(f"{SHORT.get(first, first)}.{rest}", at, writes_allowed=False)


def _of_element(display: Cursor) -> Cursor | bool:
    """``torch.stack([a, b])`` and ``return a, b``."""
    if not isinstance(display.node, (cst.List, cst.Tuple)) or display.parent is None:
        return True
    above = display.parent
    if isinstance(above.node, cst.Return):
        return False
    if (
        isinstance(above.node, cst.Arg)
        and above.parent is not None
        and isinstance(above.parent.node, cst.Call)
    ):
        if isinstance(above.parent.node.func, cst.Name):
            return True
        return _of_argument(above.parent, above.parent.node)
    return True


def _by_table(name: str, call: Cursor, writes_allowed: bool) -> Cursor | bool:
    ops = _lines(name)
    if not ops or (not writes_allowed and any(op.writes for op in ops)):
        return True
    if any(write.what != "self" for op in ops for write in op.writes):
        return True
    if all(_is_new(op.returns) for op in ops):
        return False
    return call if all(op.returns.kind in ("fresh", "view", "alias", "same") for op in ops) else True


@cache
def _lines(name: str) -> Sequence[Op]:
    table = load()
    return table.ops(table.canonical(name) or "")


def _is_new(returns: Return) -> bool:
    if returns.kind in ("tuple", "list"):
        return all(_is_new(item) for item in returns.items)
    return returns.kind == "fresh"
