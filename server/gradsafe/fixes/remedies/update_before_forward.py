"""Run an update before the forward that it breaks, where backward is somebody else's: ``self.tie()`` above ``out = self.dec(z)``.

The forward then reads the new values, so it is never safe.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import libcst as cst

from gradsafe.fixes.draft import Draft
from gradsafe.fixes.pieces import Piece, blocks_around, standing_for
from gradsafe.fixes.site import Site
from gradsafe.fixes.spot import find_spot
from gradsafe.rules.finding import Role

_STATEMENTS = 3
"""More than these are nobody's idea of a quick fix."""


def propose(site: Site) -> Iterator[Draft]:
    save = find_spot(site.sources, site.finding.saved) if site.finding.saved is not None else None
    if save is None or _reads_gradients(site):
        return
    for spot in (save, site.spot):
        for block in blocks_around(site.sources, spot):
            saves, writes = standing_for(save, block), standing_for(site.spot, block)
            pairs = [(one, other) for one in saves for other in writes if one < other]
            if pairs:
                saved, written = min(pairs, key=lambda pair: (pair[1], -pair[0]))
                further = _further(site, block, written)
                if further is not None:
                    yield from _moved(block, saved, (written, *further))
                return


def _further(site: Site, block: Sequence[Piece], written: int) -> list[int] | None:
    """The statements with the further writes that break the same save: one that stayed would break it still. None where one stands elsewhere."""
    found: set[int] = set()
    for each in site.finding.related:
        if each.role is Role.MODIFIED:
            spot = find_spot(site.sources, each.place)
            standing = standing_for(spot, block) if spot is not None else []
            if not standing:
                return None
            found.add(standing[0])
    return sorted(found - {written})


def _reads_gradients(site: Site) -> bool:
    """An update that reads ``.grad`` has to stay behind the backward that makes it."""
    codes = site.sources.scope(site.spot.code.chunk)
    return codes is None or any(".grad" in code.text for code in codes if site.spot.code.chunk.qualname)


def _moved(block: Sequence[Piece], saves: int, writes: Sequence[int]) -> Iterator[Draft]:
    moved = _with_what_they_read(block, saves, writes)
    if moved is None or any(block[each].defines for each in moved):
        return
    if any(isinstance(block[each].statement, (cst.Assign, cst.Return)) for each in writes):
        return  # what it gives is wanted where it stands
    pieces = [block[each] for each in moved]
    what = block[writes[0]].text.strip().partition("\n")[0].rstrip(":")
    more = f" and {len(writes) - 1} more" if len(writes) > 1 else ""
    edits = [edit for piece in pieces for edit in piece.removed()]
    before = block[saves].preceded_by("".join(piece.text for piece in pieces))
    yield Draft(
        f"Run `{what}`{more} before the forward, which then reads the new values",
        (*edits, before),
        safe=False,
    )


def _with_what_they_read(block: Sequence[Piece], saves: int, writes: Sequence[int]) -> list[int] | None:
    """The update and the statements behind the save that it needs; None where they cannot go above the save."""
    moved: list[int] = []
    wanted = frozenset[str]()
    for number in range(max(writes), saves - 1, -1):
        piece = block[number]
        if number in writes or piece.bound() & wanted:
            if number == saves:
                return None
            moved.insert(0, number)
            wanted |= piece.names()
    bound = frozenset[str]().union(*(block[each].bound() for each in moved))
    stays = [block[each] for each in range(saves, max(writes)) if each not in moved]
    if len(moved) > _STATEMENTS or any(piece.names() & bound for piece in stays):
        return None
    return moved
