"""Take a view once more, below the write of its base: torch refuses the old one from then on.

The new one shows the base as written, which is what reading the old one there asks for. Safe: torch computes nothing with the old one.
"""

from __future__ import annotations

from collections.abc import Iterator

import libcst as cst

from gradsafe.fixes.draft import Draft
from gradsafe.fixes.pieces import Piece, blocks_around, index_of
from gradsafe.fixes.site import Site
from gradsafe.fixes.tree import walk
from gradsafe.rules.finding import Role


def propose(site: Site) -> Iterator[Draft]:
    made, write = site.related(Role.ALIAS), site.related(Role.MODIFIED)
    if made is None or write is None:
        return
    for block in blocks_around(site.sources, write):
        first, last, used = index_of(block, made), index_of(block, write), index_of(block, site.spot)
        if first is None or last is None:
            continue
        view = block[first]
        between = block[first + 1 : last + 1]
        if first < last and used != last and _may_run_twice(view) and not _is_bound_anew(view, between):
            edit = block[last].followed_by(view.text)
            yield Draft("Take the view again after the write", (edit,), safe=True)
        return


def _is_bound_anew(view: Piece, between: list[Piece]) -> bool:
    """The same text would be another view."""
    return any(view.names() & piece.bound() for piece in between)


def _may_run_twice(view: Piece) -> bool:
    """An assignment, perhaps alone in its ``with``, that calls nothing by a bare name: that may be a function of the user's."""
    node: cst.CSTNode | None = view.statement
    if len(view.parts) == 1 and isinstance(view.parts[0].node, cst.With):
        body = view.parts[0].node.body.body
        line = body[0] if len(body) == 1 else None
        node = line.body[0] if isinstance(line, cst.SimpleStatementLine) and len(line.body) == 1 else None
    return isinstance(node, (cst.Assign, cst.AnnAssign)) and not any(
        isinstance(each.node, cst.Call) and isinstance(each.node.func, cst.Name) for each in walk([node])
    )
