"""Pieces of edits that several remedies share: dropping an argument, parenthesising, binding a result."""

from __future__ import annotations

import libcst as cst

from gradsafe.fixes.aliases import read_after, seen_elsewhere
from gradsafe.fixes.scope import Position, Scope, collect
from gradsafe.fixes.site import Site, Spot
from gradsafe.fixes.tree import OPAQUE, SHORT_CIRCUIT, Cursor, dotted
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


def drop_argument(spot: Spot, call: cst.Call, arg: cst.Arg, otherwise: str) -> Edit:
    """Remove ``arg`` from ``call``; where a comment or a star stands in the way, make it ``otherwise``."""
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
    if "#" in removed or positional_follows:
        return spot.replace(value_start, value_end, otherwise)
    return spot.replace(start, end, "")


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


def without_grad(statement: Cursor, scope: Scope, index: int) -> bool:
    """Whether the statement visibly stands in ``with torch.no_grad():`` or a function decorated so."""
    headers: list[cst.CSTNode] = [each.node for each in statement.ancestors()]
    headers += [node for code in scope.enclosing.get(index, ()) for node in code.body[:1]]
    for header in headers:
        if isinstance(header, cst.With):
            switches = [item.item for item in header.items]
        elif isinstance(header, cst.FunctionDef):
            switches = [each.decorator for each in header.decorators]
        else:
            continue
        for switch in switches:
            name = dotted(switch.func if isinstance(switch, cst.Call) else switch) or ""
            if name.rpartition(".")[2] in ("no_grad", "inference_mode", "set_grad_enabled"):
                return True
    return False


class Names:
    """What the names of the site's scope say about a rewrite."""

    def __init__(self, site: Site) -> None:
        codes = site.sources.scope(site.spot.code.chunk)
        self._scope: Scope | None = None
        if codes is not None:
            self._scope = collect(codes, site.spot.code.chunk.qualname)
        index = next(
            (index for index, code in enumerate(codes or ()) if code.chunk == site.spot.code.chunk), None
        )
        if index is None:
            self._scope = None
        start, end = site.spot.offsets(site.spot.statement.node)
        self._start: Position = (index or 0, start)
        self._end: Position = (index or 0, max(end, site.spot.end))
        self._leaves = isinstance(site.spot.statement.node, cst.Return)
        self.without_grad = self._scope is not None and without_grad(
            site.spot.statement, self._scope, index or 0
        )

    def can_bind(self, subject: cst.BaseExpression) -> bool:
        """``subject = ...`` would rebind what it reads (not make a new local of a global)."""
        if isinstance(subject, cst.Name):
            return self._scope is not None and self._scope.is_local(subject.value)
        return dotted(subject) is not None

    def read_after(self, subject: cst.BaseExpression) -> bool:
        """Whether ``subject`` may be read after the statement."""
        if not isinstance(subject, cst.Name) or self._scope is None:
            return True
        if self._leaves:
            return any(use.deferred and use.name == subject.value for use in self._scope.uses)
        return read_after(self._scope, subject.value, self._start, self._end)

    def loses_history(self, subject: cst.BaseExpression) -> bool:
        """Whether a new tensor for ``subject`` is made under no_grad, has no history, and is used later."""
        return self.without_grad and self.read_after(subject)

    def carried(self) -> list[str]:
        """The names that carry a value from one round of the loop around the statement to the next."""
        return self._scope.carried(self._scope.nest_at(self._end)) if self._scope is not None else []

    def seen_elsewhere(self, subject: cst.BaseExpression) -> bool:
        """Whether somebody else may see a write to ``subject``, so that doing without it changes a value."""
        if not isinstance(subject, cst.Name) or self._scope is None:
            return True
        if (subject.value, "grad") in self._scope.attributes:
            return True  # the ``.grad`` of the new tensor is not that of the old one
        return seen_elsewhere(self._scope, subject.value, self._start, self._end)
