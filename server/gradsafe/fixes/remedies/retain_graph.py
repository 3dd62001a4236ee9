"""Keep the graph for a second backward: ``loss.backward(retain_graph=True)``.

Rarely what is wanted: it hides that a graph is carried from one step to the next, costs its memory,
and ends in another error as soon as parameters change in between. Never safe, so never preferred.
"""

from __future__ import annotations

from collections.abc import Iterator

import libcst as cst

from gradsafe.fixes.draft import Draft
from gradsafe.fixes.forms import callee
from gradsafe.fixes.site import Site
from gradsafe.fixes.spot import Spot, find_spot
from gradsafe.fixes.tree import argument
from gradsafe.rules.finding import Edit, Role


def propose(site: Site) -> Iterator[Draft]:
    first = next((each.place for each in site.finding.related if each.role is Role.FREED), None)
    spot = find_spot(site.sources, first)
    if spot is None:
        return
    for cursor in spot.nodes():
        call = cursor.node
        if not isinstance(call, cst.Call) or callee(call) not in ("backward", "grad"):
            continue
        given = argument(call, None, "retain_graph")
        if given is not None:
            edit = spot.replace(*spot.offsets(given.value), "True")
        elif call.args:
            edit = _behind(spot, call.args[-1])
        else:
            edit = spot.insert(spot.offsets(call)[1] - 1, "retain_graph=True")
        yield Draft("Keep the graph of the first backward", (edit,), safe=False)
        return


def _behind(spot: Spot, last: cst.Arg) -> Edit:
    """Behind the last argument: on a line of its own where that has one and ends with a comma."""
    text = spot.code.text
    start, end = spot.offsets(last.keyword or last.value)[0], spot.offsets(last.value)[1]
    line = max(text.rfind("\n", 0, start), text.rfind("\r", 0, start)) + 1
    if not isinstance(last.comma, cst.Comma) or text[line:start].strip():
        return spot.insert(end, ", retain_graph=True")
    at = text.index(",", end) + 1
    while at < len(text) and text[at] not in "\r\n":  # a comment stays where it is
        at += 1
    return spot.insert(at, f"{spot.newline}{text[line:start]}retain_graph=True,")
