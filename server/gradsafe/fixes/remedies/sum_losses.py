"""Run backward once for both losses: ``a.backward()``, ``b.backward()`` -> ``(a + b).backward()``.

Gradients add up over calls of backward, so this gives the same ones; safe where nothing but assignments stands between.
Not offered where somebody reads, clears or uses the gradients of the first call in between.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import libcst as cst

from gradsafe.fixes.draft import Draft
from gradsafe.fixes.pieces import Piece, blocks_around, index_of
from gradsafe.fixes.site import Site
from gradsafe.fixes.spot import Spot, find_spot
from gradsafe.fixes.tree import argument
from gradsafe.fixes.variables import names_in
from gradsafe.rules.finding import Role

_USES_GRADIENTS = ("grad", ".step(", ".scale(", "clip_", "optim")
"""What tells that a statement has to do with gradients that are already there (``zero_grad``, ``p.grad``)."""


def propose(site: Site) -> Iterator[Draft]:
    place = next((each.place for each in site.finding.related if each.role is Role.FREED), None)
    first = find_spot(site.sources, place) if place is not None else None
    if first is None or place == site.finding.primary:
        return
    one, other = _loss(first), _loss(site.spot)
    if one is None or other is None:
        return
    for block in blocks_around(site.sources, site.spot):
        at, behind = index_of(block, first), index_of(block, site.spot)
        if at is None or behind is None or at >= behind or block[behind].statement is None:
            continue
        between = block[at + 1 : behind]
        # Out of an ``if`` or a ``with`` nothing is taken: it may not run, and what else it holds is needed.
        simple = isinstance(block[at].parts[0].node, cst.SimpleStatementLine)
        taken_out = block[at].alone(first) if simple else None
        if taken_out is None or not _can_wait(one, between):
            return
        summed = first.text(one)
        if isinstance(one, cst.BinaryOperation) and isinstance(one.operator, cst.Add) and len(one.lpar) == 1:
            summed = summed[1:-1]  # ``(a + b).backward()`` was two of them
        together = f"({summed} + {site.spot.text(other)})"
        edit = site.spot.replace(*site.spot.offsets(other), together)
        safe = all(isinstance(piece.statement, cst.Assign) for piece in between)
        yield Draft("Add both losses up for one backward", (*taken_out[0], edit), safe)
        return


def _loss(spot: Spot) -> cst.BaseExpression | None:
    """``loss`` of a statement ``loss.backward()``, whatever it says of keeping the graph."""
    statement = spot.statement.node
    call = statement.value if isinstance(statement, cst.Expr) else None
    if not isinstance(call, cst.Call) or not isinstance(call.func, cst.Attribute):
        return None
    if call.func.attr.value != "backward":
        return None
    kept = argument(call, None, "retain_graph")
    return call.func.value if all(arg is kept for arg in call.args) else None


def _can_wait(loss: cst.BaseExpression, between: Sequence[Piece]) -> bool:
    """Whether the first loss is the same behind these statements, and none of them asks for its gradients."""
    names = names_in(loss)
    return not any(
        piece.bound() & names or any(word in piece.text for word in _USES_GRADIENTS) for piece in between
    )
