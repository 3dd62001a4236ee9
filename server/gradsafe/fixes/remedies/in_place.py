"""Write in place what is proved to be nobody else's: ``h = h + 1`` -> ``h += 1``, ``F.relu(h)`` -> ``F.relu(h, inplace=True)``."""

from __future__ import annotations

from collections.abc import Iterator

from gradsafe.fixes.draft import Draft
from gradsafe.fixes.site import Site
from gradsafe.fixes.spare_forms import RANDOM, in_place, spare_form
from gradsafe.fixes.tree import walk


def propose(site: Site) -> Iterator[Draft]:
    spot = site.spot
    for cursor in walk([spot.statement.node], spot.statement.parent):
        form = spare_form(cursor)
        if form is not None and spot.code.offsets(cursor.node) == (spot.start, spot.end):
            for title, edits in in_place(spot, form):
                yield Draft(title, edits, safe=form.operation not in RANDOM)
            return
