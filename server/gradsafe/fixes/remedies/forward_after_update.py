"""Run the forward after the update that breaks it: the loss is then computed with the new values, and backward reads these.

Where the loss is wanted before the update as well, the forward is run again. Which statements make it up is found backwards
from ``loss.backward()``: first the one that computes the loss, then those that it reads. The analysis tells how many of them
it takes.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import libcst as cst

from gradsafe.fixes.draft import Draft
from gradsafe.fixes.forms import forms
from gradsafe.fixes.pieces import Piece, backward_of, blocks_around, index_of, update_and_backward
from gradsafe.fixes.site import Site
from gradsafe.fixes.spot import Spot, find_spot
from gradsafe.fixes.tree import walk
from gradsafe.fixes.variables import names_in

_STATEMENTS = 4
"""More than these are nobody's idea of a quick fix."""


def propose(site: Site) -> Iterator[Draft]:
    found = update_and_backward(site)
    if found is None:
        yield from _before_backward(site)
        return
    block, writes, reads = found
    save = find_spot(site.sources, site.finding.saved) if site.finding.saved is not None else None
    wanted = _wanted(block, writes, reads)
    moved: list[int] = []
    while len(moved) < _STATEMENTS:
        number = _last_binding(block[:writes], wanted, moved)
        if number is None:
            return
        moved = sorted([*moved, number])
        wanted |= block[number].read()
        has_save = save is not None and any(_saves(block[each], save) for each in moved)
        behind = next(
            (each for each in range(reads - 1, writes - 1, -1) if _can_pass(block, moved, each)), None
        )
        if behind is not None:
            yield _moved(block, moved, behind)
        elif has_save and not _differs(site, block, moved, writes):
            yield _again(block, moved, writes)
        if has_save:
            return


def _before_backward(site: Site) -> Iterator[Draft]:
    """Both stand in one statement: the update in a ``try``, say, and the backward in its ``finally``. The forward is run again there."""
    backward = backward_of(site)
    inner = next(blocks_around(site.sources, backward), None) if backward is not None else None
    if backward is None or inner is None or (at := index_of(inner, backward)) is None:
        return
    wanted = _wanted(inner, -1, at)
    for block in blocks_around(site.sources, site.spot):
        both = index_of(block, site.spot)
        if both is None or not block[both].covers(backward):
            continue
        moved: list[int] = []
        while len(moved) < _STATEMENTS:
            number = _last_binding(block[:both], wanted, moved)
            if number is None or "\n" in block[number].text.rstrip("\r\n"):
                return
            moved = sorted([*moved, number])
            wanted |= block[number].read()
            pieces = [block[each] for each in moved]
            if any(piece.read() & block[both].bound() for piece in pieces):
                return
            lines = "".join(inner[at].indent + piece.text.lstrip() for piece in pieces)
            what = f"Compute {_names(pieces)} again before this backward, with the new values"
            yield Draft(what, (inner[at].preceded_by(lines),), safe=False)
        return


def _wanted(block: Sequence[Piece], writes: int, reads: int) -> frozenset[str]:
    """What the backward reads, at once or by what is computed between the update and it."""
    wanted = block[reads].read()
    for piece in reversed(block[writes + 1 : reads]):
        if piece.bound() & wanted:
            wanted |= piece.read()
    return wanted


def _saves(piece: Piece, save: Spot) -> bool:
    """Whether the old values are saved in this statement, or in a function that it runs."""
    return piece.covers(save) or any(piece.runs(save.function))


def _moved(block: Sequence[Piece], moved: Sequence[int], behind: int) -> Draft:
    """The statements as far down as they can go: a thread that makes the update is through by then."""
    pieces = [block[each] for each in moved]
    edits = [edit for piece in pieces for edit in piece.removed()]
    lines = block[behind].followed_by("".join(piece.text for piece in pieces))
    what = f"Compute {_names(pieces)} after the update, with the new values"
    return Draft(what, (*edits, lines), safe=False)


def _again(block: Sequence[Piece], moved: Sequence[int], writes: int) -> Draft:
    pieces = [block[each] for each in moved]
    lines = block[writes].followed_by("".join(piece.text for piece in pieces))
    return Draft(
        f"Compute {_names(pieces)} again after the update, with the new values", (lines,), safe=False
    )


def _names(pieces: Sequence[Piece]) -> str:
    return ", ".join(f"`{name}`" for piece in pieces for name in sorted(piece.bound()))


def _differs(site: Site, block: Sequence[Piece], moved: Sequence[int], writes: int) -> bool:
    """Whether it would not be the same forward: what it reads is bound in between, or what it gives is written."""
    bound = frozenset().union(*(block[each].bound() for each in moved))
    read = frozenset().union(*(block[each].read() for each in moved))
    stays = [block[each] for each in range(moved[0], writes + 1) if each not in moved]
    targets = (form.target for each in walk([p.node for s in stays for p in s.parts]) for form in forms(each))
    written = names_in(site.spot.statement.node).union(*(names_in(each) for each in targets))
    return bool(bound & written) or any(piece.bound() & read for piece in stays)


def _last_binding(before: Sequence[Piece], wanted: frozenset[str], moved: Sequence[int]) -> int | None:
    """The last plain assignment of a wanted name that is not among the moved; what is called is no value, but a model."""
    values = wanted - frozenset().union(*(piece.called() for piece in before))
    for number in range(len(before) - 1, -1, -1):
        if number not in moved and before[number].bound() & values and _is_plain(before[number]):
            return number
    return None


def _is_plain(piece: Piece) -> bool:
    statement = piece.statement
    if not isinstance(statement, cst.Assign):
        return False
    return all(isinstance(target.target, (cst.Name, cst.Tuple)) for target in statement.targets)


def _can_pass(block: Sequence[Piece], moved: Sequence[int], behind: int) -> bool:
    """Nothing that stays in between reads what is moved, or binds what that reads."""
    bound = frozenset().union(*(block[each].bound() for each in moved))
    read = frozenset().union(*(block[each].read() for each in moved))
    stays = [block[each] for each in range(moved[0], behind + 1) if each not in moved]
    return not any(each.names() & bound or each.bound() & read for each in stays)
