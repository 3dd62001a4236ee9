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
                yield from _moved(block, *min(pairs, key=lambda pair: (pair[1], -pair[0])))
                return


def _reads_gradients(site: Site) -> bool:
    """An update that reads ``.grad`` has to stay behind the backward that makes it."""
    codes = site.sources.scope(site.spot.code.chunk)
    return codes is None or any(".grad" in code.text for code in codes if site.spot.code.chunk.qualname)


def _moved(block: Sequence[Piece], saves: int, writes: int) -> Iterator[Draft]:
    moved = _with_what_it_reads(block, saves, writes)
    if moved is None or any(block[each].defines for each in moved):
        return
    if isinstance(block[writes].statement, (cst.Assign, cst.Return)):
        return  # what it gives is wanted where it stands
    pieces = [block[each] for each in moved]
    what = pieces[-1].text.strip().partition("\n")[0].rstrip(":")
    edits = [edit for piece in pieces for edit in piece.removed()]
    before = block[saves].preceded_by("".join(piece.text for piece in pieces))
    yield Draft(
        f"Run `{what}` before the forward, which then reads the new values", (*edits, before), safe=False
    )


def _with_what_it_reads(block: Sequence[Piece], saves: int, writes: int) -> list[int] | None:
    """The update and the statements behind the save that it needs; None where they cannot go above the save."""
    moved, wanted = [writes], block[writes].names()
    for number in range(writes - 1, saves - 1, -1):
        piece = block[number]
        if piece.bound() & wanted:
            if number == saves:
                return None
            moved.insert(0, number)
            wanted |= piece.names()
    bound = frozenset[str]().union(*(block[each].bound() for each in moved))
    stays = [block[each] for each in range(saves, writes) if each not in moved]
    if len(moved) > _STATEMENTS or any(piece.names() & bound for piece in stays):
        return None
    return moved
