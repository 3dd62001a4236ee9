"""Build the graph anew in each round: what was computed once before the loop goes to the beginning of its body.

The rounds then use new values, where parameters change in between: so it is never safe.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence

import libcst as cst

from gradsafe.fixes.draft import Draft
from gradsafe.fixes.pieces import Piece, blocks_around
from gradsafe.fixes.site import Site
from gradsafe.fixes.spot import Spot, find_spot

_TRIED = 4
"""Statements before a loop that may be the one: the save itself stands in the function that it calls."""


def propose(site: Site) -> Iterator[Draft]:
    save = find_spot(site.sources, site.finding.saved) if site.finding.saved is not None else None
    blocks = list(blocks_around(site.sources, site.spot))
    for inner, outer in itertools.pairwise(blocks):
        loop = next(number for number, piece in enumerate(outer) if piece.covers(site.spot))
        if not isinstance(outer[loop].parts[0].node, (cst.For, cst.While)):
            continue
        for made in _candidates(outer, loop, save):
            piece, first = outer[made], inner[0]
            if any(each.names() & piece.bound() for each in outer[made + 1 : loop]):
                continue
            edits = (*piece.removed(), first.preceded_by(f"{first.indent}{piece.text.lstrip()}"))
            names = ", ".join(f"`{name}`" for name in sorted(piece.bound()))
            yield Draft(f"Compute {names} in each round", edits, safe=False)


def _candidates(outer: Sequence[Piece], loop: int, save: Spot | None) -> list[int]:
    """The statements before the loop that may have made what each round runs backward through, likely ones first."""
    read = outer[loop].names()
    found = [
        number
        for number in range(loop - 1, -1, -1)
        if isinstance(outer[number].statement, cst.Assign)
        and outer[number].text.count("\n") <= 1
        and outer[number].bound() & read
    ]
    certain = [number for number in found if save is not None and outer[number].covers(save)]
    return certain or found[:_TRIED]
