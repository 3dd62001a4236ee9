"""Pieces of edits that several remedies share: an argument dropped, an operand in parentheses, a line before."""

from __future__ import annotations

import libcst as cst

from gradsafe.fixes.site import Site
from gradsafe.fixes.spot import Spot
from gradsafe.fixes.tree import OPAQUE, SHORT_CIRCUIT, Cursor
from gradsafe.rules.finding import Edit

ATOMS = (
    cst.Name, cst.Attribute, cst.Subscript, cst.Call, cst.Integer, cst.Float, cst.Imaginary,
    cst.SimpleString, cst.List, cst.Dict, cst.Set, cst.ListComp, cst.UnaryOperation,
)  # fmt: skip

PRECEDENCE: dict[type[cst.CSTNode], int] = {
    cst.BitOr: 1, cst.BitXor: 2, cst.BitAnd: 3, cst.LeftShift: 4, cst.RightShift: 4,
    cst.Add: 5, cst.Subtract: 5, cst.Multiply: 6, cst.Divide: 6, cst.FloorDivide: 6, cst.Modulo: 6,
    cst.MatrixMultiply: 6, cst.Power: 8,
}  # fmt: skip

BY_SYMBOL = {
    "|": 1, "^": 2, "&": 3, "<<": 4, ">>": 4, "+": 5, "-": 5, "*": 6, "/": 6, "//": 6, "%": 6, "@": 6, "**": 8,
}  # fmt: skip


def operand(spot: Spot, value: cst.BaseExpression, symbol: str) -> str:
    """The source of ``value`` as the right operand of ``symbol``, parenthesised where it must be."""
    text = spot.text(value)
    if value.lpar or (
        isinstance(value, ATOMS) and not (isinstance(value, cst.UnaryOperation) and _is_not(value))
    ):
        return text
    tighter = isinstance(value, cst.BinaryOperation) and PRECEDENCE[type(value.operator)] > BY_SYMBOL[symbol]
    return text if tighter else f"({text})"


def _is_not(value: cst.UnaryOperation) -> bool:
    return isinstance(value.operator, cst.Not)


def receiver(spot: Spot, value: cst.BaseExpression) -> str:
    """The source of ``value`` as something that a method can be called on."""
    text = spot.text(value)
    bare = isinstance(value, ATOMS) and not isinstance(value, (cst.UnaryOperation, cst.Integer))
    return text if value.lpar or bare else f"({text})"


def clone_of(spot: Spot, value: cst.BaseExpression) -> Edit:
    """The edit that makes a copy of ``value`` where it stands."""
    start, end = spot.offsets(value)
    if receiver(spot, value) == spot.text(value):
        return spot.insert(end, ".clone()")
    return spot.replace(start, end, f"{receiver(spot, value)}.clone()")


def drop_argument(spot: Spot, call: cst.Call, arg: cst.Arg, otherwise: str) -> Edit:
    """Remove ``arg`` from ``call``; where a comment or a star stands in the way, make it ``otherwise``."""
    if len(call.args) == 1:
        inner = spot.code.text.index("(", spot.offsets(call.func)[1]) + 1, spot.code.offsets(call)[1] - 1
        if "#" not in spot.code.text[slice(*inner)]:
            return spot.replace(*inner, "")
    index = list(call.args).index(arg)
    value_start, value_end = spot.offsets(arg.value)
    start, end = spot.offsets(arg.keyword)[0] if arg.keyword is not None else value_start, value_end
    if index + 1 < len(call.args):
        end = _start(spot, call.args[index + 1])
    elif index > 0:
        start = spot.offsets(call.args[index - 1].value)[1]
    elif isinstance(arg.comma, cst.Comma):
        end = spot.code.text.index(",", value_end) + 1
    removed = spot.code.text[start:value_start] + spot.code.text[value_end:end]
    positional_follows = arg.keyword is None and index + 1 < len(call.args)
    if "#" in removed or positional_follows or _has_remark(spot, start, end):
        return spot.replace(value_start, value_end, otherwise)
    return spot.replace(*_whole_line(spot, start, end), "")


def _line_around(spot: Spot, start: int, end: int) -> tuple[int, int] | None:
    """From its first character to its line break, where nothing stands before on the line."""
    text = spot.code.text
    first = max(text.rfind("\n", 0, start), text.rfind("\r", 0, start)) + 1
    if text[first:start].strip():
        return None
    breaks = [at for at in (text.find("\n", end), text.find("\r", end)) if at >= 0]
    return first, min(breaks, default=len(text))


def _has_remark(spot: Spot, start: int, end: int) -> bool:
    """Whether a line that holds nothing else has a comment behind: it is about what would be gone."""
    line = _line_around(spot, start, end)
    return line is not None and spot.code.text[end : line[1]].lstrip().startswith("#")


def _whole_line(spot: Spot, start: int, end: int) -> tuple[int, int]:
    """With the line itself, where it holds nothing else."""
    line = _line_around(spot, start, end)
    if line is None or spot.code.text[end : line[1]].strip() or line[1] == len(spot.code.text):
        return start, end
    newline = 2 if spot.code.text.startswith("\r\n", line[1]) else 1
    return line[0], line[1] + newline


def _start(spot: Spot, arg: cst.Arg) -> int:
    if arg.star:
        return spot.code.text.rindex(arg.star, 0, spot.offsets(arg.value)[0])
    return spot.offsets(arg.keyword if arg.keyword is not None else arg.value)[0]


def line_before(site: Site, statement: str) -> Edit | None:
    """``statement`` on a line of its own in front of the site's; inline where the line holds more.

    None where nothing can stand in front: a ``while`` header runs again, an ``elif`` has no line of its own.
    """
    spot = site.spot
    cursor = spot.statement
    start = spot.offsets(cursor.node)[0]
    if isinstance(cursor.node, cst.BaseSmallStatement):
        line = cursor.parent.node if cursor.parent is not None else None
        if not isinstance(line, cst.SimpleStatementLine) or len(line.body) > 1 or not spot.begins_line:
            return spot.insert(start, f"{statement}; ")
    elif isinstance(cursor.node, cst.While) or _is_elif(cursor) or getattr(cursor.node, "decorators", None):
        return None
    return spot.insert(start, f"{statement}{spot.newline}{spot.indent}")


def _is_elif(cursor: Cursor) -> bool:
    return (
        isinstance(cursor.node, cst.If)
        and cursor.parent is not None
        and isinstance(cursor.parent.node, cst.If)
    )


def runs_once_in_place(site: Site, node: Cursor) -> bool:
    """Whether ``node`` runs exactly once per run of its statement, before anything else in it is called."""
    start = site.spot.offsets(node.node)[0]
    for parent in node.ancestors():
        if isinstance(parent.node, (*OPAQUE, *SHORT_CIRCUIT)):
            return False
        if parent.node is site.spot.statement.node:
            break
    earlier = (each.node for each in site.spot.nodes() if isinstance(each.node, cst.Call))
    return all(site.spot.offsets(call)[1] > start for call in earlier)
