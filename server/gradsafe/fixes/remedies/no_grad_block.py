"""Change a parameter's values, not its graph: ``with torch.no_grad():`` around the update.

Neighbouring updates go under the same ``with``, as one would write it by hand.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import libcst as cst

from gradsafe.fixes.blocks import indented_under, no_grad_header, own_line, under_header
from gradsafe.fixes.draft import Draft
from gradsafe.fixes.forms import How, forms, words
from gradsafe.fixes.site import Site
from gradsafe.fixes.sources import Code
from gradsafe.fixes.spot import Spot
from gradsafe.fixes.tree import Cursor, walk

INITIALISES = words(
    "zero_ fill_ normal_ uniform_ random_ bernoulli_ exponential_ cauchy_ log_normal_ geometric_ copy_ eye_"
)
"""Methods that give a tensor new values without looking at the old: never part of a differentiable computation."""


def propose(site: Site) -> Iterator[Draft]:
    header, line = no_grad_header(site), own_line(site.spot)
    if site.form is None or site.form.how in (How.DATA, How.MODULE) or header is None:
        return  # what a module gives is wanted with its history
    title = "Put the update under `torch.no_grad()`"
    on_leaf = site.finding.code.startswith("leaf")
    if line is None:
        shared = _shared_line(site.spot)
        edits = under_header(site.spot, header, shared) if shared is not None else ()
        if shared is not None and edits:
            updates = all(
                _is_update(each) for each in shared.node.children if isinstance(each, cst.BaseSmallStatement)
            )
            yield Draft(title, edits, on_leaf and updates)
        return
    lines = _neighbours(site, line)
    yield Draft(title, indented_under(site.spot, header, lines), on_leaf and _is_update(line.node))


def _shared_line(spot: Spot) -> Cursor | None:
    """A line of several statements that all write in place, or the only line of a loop or an ``if`` on the header's own."""
    line = spot.statement.parent
    if line is None or not isinstance(line.node, (cst.SimpleStatementLine, cst.SimpleStatementSuite)):
        return None
    for statement in line.node.body:
        if not isinstance(statement, (cst.Expr, cst.AugAssign, cst.Assign)):
            return None
        if not any(True for cursor in walk([statement]) for _ in forms(cursor)):
            return None
    return line


def _is_update(line: cst.CSTNode) -> bool:
    """Whether the statement visibly updates or initialises values: from a gradient, or from nothing."""
    for cursor in walk([line]):
        node = cursor.node
        if isinstance(node, cst.Attribute) and node.attr.value in ("grad", *INITIALISES):
            return True
    return False


def _neighbours(site: Site, line: Cursor) -> Sequence[tuple[Code, Cursor]]:
    """The lines around ``line`` that are updates too, without a gap."""
    code = site.spot.code
    if not _is_update(line.node):
        return [(code, line)]
    if line.parent is None:
        block = [(each, node) for each in site.sources.adjacent(code.chunk) for node in each.body]
    else:
        block = [(code, node) for node in getattr(line.parent.node, "body", ())]
    at = next((index for index, (_, node) in enumerate(block) if node is line.node), None)
    if at is None:
        return [(code, line)]
    first = last = at
    while first > 0 and _is_adjacent(block[first][1]) and _joins(block[first - 1][1]):
        first -= 1
    while last + 1 < len(block) and _is_adjacent(block[last + 1][1]) and _joins(block[last + 1][1]):
        last += 1
    return [(each, Cursor(node, line.parent)) for each, node in block[first : last + 1]]


def _is_adjacent(line: cst.CSTNode) -> bool:
    """No comment and no blank line between this line and the one above it."""
    return not getattr(line, "leading_lines", ())


def _joins(line: cst.CSTNode) -> bool:
    if not isinstance(line, cst.SimpleStatementLine) or len(line.body) != 1 or not _is_update(line):
        return False
    return any(True for cursor in walk([line]) for _ in forms(cursor))
