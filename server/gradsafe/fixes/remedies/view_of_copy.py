"""Take a view of a copy: what was computed with it before its base was written keeps its operand.

Not safe: who reads the view after the write no longer sees what was written, nor the base what is written to the view.
"""

from __future__ import annotations

from collections.abc import Iterator

import libcst as cst

from gradsafe.fixes.draft import Draft
from gradsafe.fixes.forms import FUNCTION_MODULES, is_module
from gradsafe.fixes.rewrite import receiver
from gradsafe.fixes.site import Site
from gradsafe.fixes.spot import Spot
from gradsafe.fixes.tree import dotted
from gradsafe.rules.finding import Role


def propose(site: Site) -> Iterator[Draft]:
    made = site.related(Role.ALIAS)
    base = _base(made) if made is not None else None
    if made is None or base is None:
        return
    start, end = made.offsets(base)
    edit = made.replace(start, end, f"{receiver(made, base)}.clone()")
    yield Draft(f"Take the view of a copy of `{made.text(base)}`", (edit,), safe=False)


def _base(made: Spot) -> cst.BaseExpression | None:
    """What the view is taken of, in the widest expression at its place."""
    best: tuple[int, cst.BaseExpression] | None = None
    for cursor in made.nodes():
        start, end = (
            made.offsets(cursor.node) if isinstance(cursor.node, (cst.Call, cst.Subscript)) else (0, 0)
        )
        if not (made.start <= start < end <= made.end) or (best is not None and end - start <= best[0]):
            continue
        base = _taken_of(cursor.node)
        if base is not None:
            best = end - start, base
    return best[1] if best is not None else None


def _taken_of(node: cst.CSTNode) -> cst.BaseExpression | None:
    if isinstance(node, cst.Subscript):
        return node.value
    if not isinstance(node, cst.Call) or not isinstance(node.func, cst.Attribute):
        return None
    if not is_module(node.func.value):
        return node.func.value
    in_torch = dotted(node.func.value) in FUNCTION_MODULES
    return node.args[0].value if in_torch and node.args and not node.args[0].star else None
