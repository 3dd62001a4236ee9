"""Cut the graph that is carried on: ``hidden = hidden.detach()`` behind the backward that frees it.

This is truncated backpropagation: earlier steps get no gradient any more. That is nearly always meant,
but it is a choice, so it is not called safe.
"""

from __future__ import annotations

from collections.abc import Iterator

import libcst as cst

from gradsafe.fixes.blocks import own_line
from gradsafe.fixes.draft import Draft
from gradsafe.fixes.site import Site, find_spot
from gradsafe.rules.finding import Role


def propose(site: Site) -> Iterator[Draft]:
    name = site.finding.subject
    first = next((each.place for each in site.finding.related if each.role is Role.FREED), None)
    spot = find_spot(site.sources, first)
    if spot is None or name is None or not all(part.isidentifier() for part in name.split(".")):
        return
    line = own_line(spot)
    if line is None or not isinstance(spot.statement.node, cst.Expr):
        return
    # The new line goes in front of the line break, behind whatever comment the line has.
    text, end = spot.code.text, spot.offsets(spot.statement.node)[1]
    while end < len(text) and text[end] not in "\r\n":
        end += 1
    yield Draft(
        f"Carry `{name}` on without its graph",
        (spot.insert(end, f"{spot.newline}{spot.indent}{name} = {name}.detach()"),),
        safe=False,
    )
