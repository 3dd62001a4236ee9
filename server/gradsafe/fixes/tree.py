"""Walking libcst nodes with their ancestors at hand, without recursion and without metadata wrappers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import libcst as cst

OPAQUE = (cst.Lambda, cst.ListComp, cst.SetComp, cst.DictComp, cst.GeneratorExp)
"""What is in these runs later, or many times, or binds names of its own."""

SHORT_CIRCUIT = (cst.BooleanOperation, cst.IfExp, cst.Assert)
"""What is in these may not run at all."""


@dataclass(frozen=True, eq=False, slots=True)
class Cursor:
    """A node and the way down to it."""

    node: cst.CSTNode
    parent: Cursor | None = None

    def ancestors(self) -> Iterator[Cursor]:
        """The enclosing nodes, innermost first, without this one."""
        at = self.parent
        while at is not None:
            yield at
            at = at.parent

    def enclosing(self, *kinds: type[cst.CSTNode]) -> Cursor | None:
        """This node or the innermost ancestor that is of one of ``kinds``."""
        if isinstance(self.node, kinds):
            return self
        return next((each for each in self.ancestors() if isinstance(each.node, kinds)), None)


def walk(roots: Iterable[cst.CSTNode], parent: Cursor | None = None) -> Iterator[Cursor]:
    """Every node below ``roots``, in source order, ancestors before descendants."""
    pending = [Cursor(root, parent) for root in reversed(list(roots))]
    while pending:
        at = pending.pop()
        yield at
        pending.extend(Cursor(child, at) for child in reversed(at.node.children))


def dotted(node: cst.CSTNode) -> str | None:
    """``a.b.c`` of a name or a chain of attributes on a name, else None."""
    parts: list[str] = []
    while isinstance(node, cst.Attribute):
        parts.append(node.attr.value)
        node = node.value
    if not isinstance(node, cst.Name):
        return None
    return ".".join([node.value, *reversed(parts)])


def argument(call: cst.Call, position: int | None, keyword: str) -> cst.Arg | None:
    """The argument that is given as ``keyword`` or stands at ``position``; None where a star hides it."""
    for index, arg in enumerate(call.args):
        if arg.keyword is not None:
            if arg.keyword.value == keyword:
                return arg
        elif arg.star:
            position = None
        elif index == position:
            return arg
    return None
