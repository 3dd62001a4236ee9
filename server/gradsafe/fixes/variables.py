"""The variables that a statement has to do with: which it reads, and which it binds."""

from __future__ import annotations

from collections.abc import Iterator

import libcst as cst

from gradsafe.fixes.forms import words
from gradsafe.fixes.tree import Cursor, walk


def names_in(expression: cst.CSTNode) -> frozenset[str]:
    """All names in it; attributes and keywords are none."""
    return frozenset(name for name, _ in variables(expression))


def variables(*nodes: cst.CSTNode) -> Iterator[tuple[str, bool]]:
    """Names, and whether each is bound there."""
    for cursor in walk(nodes):
        if (
            isinstance(cursor.node, cst.Name)
            and not is_label(cursor)
            and not is_inner(cursor, cursor.node.value)
        ):
            yield cursor.node.value, _is_target(cursor)


def is_inner(cursor: Cursor, name: str) -> bool:
    """``c`` in ``[c.forward() for c in clients]`` and in ``lambda c: c.x``: a name of its own, whatever is called so outside."""
    child, outside = cursor, False
    for parent in cursor.ancestors():
        node = parent.node
        if isinstance(node, cst.CompFor) and node.iter is child.node:
            holds = parent.parent.node if parent.parent is not None else None
            outside = isinstance(
                holds, cst.BaseComp
            )  # the first iterable is read where the comprehension stands
        elif isinstance(node, cst.BaseComp):
            if not outside and name in _of_comprehension(node):
                return True
            outside = False
        elif isinstance(node, cst.Lambda):
            parameters = (each.node for each in walk([node.params]))
            if any(isinstance(each, cst.Param) and each.name.value == name for each in parameters):
                return True
        child = parent
    return False


def _of_comprehension(node: cst.BaseComp) -> frozenset[str]:
    """The names that its ``for``s bind."""
    bound: set[str] = set()
    at: cst.CompFor | None = node.for_in
    while at is not None:
        bound |= {each.node.value for each in walk([at.target]) if isinstance(each.node, cst.Name)}
        at = at.inner_for_in
    return frozenset(bound)


def is_label(cursor: Cursor) -> bool:
    """``b`` in ``a.b`` and ``f(b=1)``."""
    parent = cursor.parent.node if cursor.parent is not None else None
    if isinstance(parent, cst.Attribute):
        return parent.attr is cursor.node
    return isinstance(parent, cst.Arg) and parent.keyword is cursor.node


_FILLS = words("append extend insert add update setdefault appendleft")


def _is_target(cursor: Cursor) -> bool:
    """``a`` in ``a = ...``, ``a, b = ...``, ``for a in``, ``with x as a``, ``(a := ...)``, ``def a``, ``import a``, ``del a``,
    and in ``a.append(...)``: it is another list then."""
    method = cursor.parent
    call = method.parent if method is not None else None
    if method is not None and isinstance(method.node, cst.Attribute):
        is_called = call is not None and isinstance(call.node, cst.Call) and call.node.func is method.node
        return is_called and method.node.attr.value in _FILLS
    child = cursor
    for parent in cursor.ancestors():
        node = parent.node
        if isinstance(node, (cst.AssignTarget, cst.AsName, cst.Del, cst.ImportAlias)):
            return True
        if isinstance(node, (cst.For, cst.AnnAssign, cst.AugAssign, cst.NamedExpr)):
            return node.target is child.node
        if isinstance(node, (cst.FunctionDef, cst.ClassDef)):
            return node.name is child.node
        if not isinstance(node, (cst.Tuple, cst.List, cst.Element, cst.StarredElement)):
            return False
        child = parent
    return False
