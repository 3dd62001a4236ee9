"""Cut the graph that a loop carries on: ``hidden = hidden.detach()`` behind the backward that frees it.

This is truncated backpropagation: earlier rounds get no gradient any more. That is nearly always meant,
but it is a choice, so it is not called safe. Two different backward calls are another matter: there
a detached tensor would leave the second one nothing to do.
"""

from __future__ import annotations

from collections.abc import Iterator

import libcst as cst

from gradsafe.fixes.blocks import own_line
from gradsafe.fixes.draft import Draft
from gradsafe.fixes.names import Names
from gradsafe.fixes.site import Site
from gradsafe.fixes.spot import find_spot
from gradsafe.rules.finding import Role


def propose(site: Site) -> Iterator[Draft]:
    first = next((each.place for each in site.finding.related if each.role is Role.FREED), None)
    spot = find_spot(site.sources, first)
    if spot is None or first != site.finding.primary or own_line(spot) is None:
        return
    if not isinstance(spot.statement.node, cst.Expr):
        return
    names = Names(site.sources, spot).carried()
    if not names:
        return
    # The new lines go in front of the line break, behind whatever comment the line has.
    text, end = spot.code.text, spot.offsets(spot.statement.node)[1]
    while end < len(text) and text[end] not in "\r\n":
        end += 1
    lines = "".join(f"{spot.newline}{spot.indent}{name} = {name}.detach()" for name in names)
    listed = ", ".join(f"`{name}`" for name in names)
    yield Draft(f"Carry {listed} on without its graph", (spot.insert(end, lines),), safe=False)
