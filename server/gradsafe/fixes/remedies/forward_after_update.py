"""Run the forward after the update that breaks it: the loss is then computed with the new values, and backward reads these.

Where the loss is wanted before the update as well, the forward is run again. Which statements make it up is found backwards from ``loss.backward()``: first the one that computes the loss,
then those that it reads. The analysis tells how many of them it takes.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import libcst as cst

from gradsafe.fixes.draft import Draft
from gradsafe.fixes.pieces import Piece, update_and_backward
from gradsafe.fixes.site import Site
from gradsafe.fixes.spot import find_spot

_STATEMENTS = 4
"""More than these are nobody's idea of a quick fix."""


def propose(site: Site) -> Iterator[Draft]:
    found = update_and_backward(site)
    if found is None:
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
        yield from _drafts(block, moved, writes, reads)
        if save is not None and any(block[each].covers(save) for each in moved):
            return  # what saved the old values is among them


def _wanted(block: Sequence[Piece], writes: int, reads: int) -> frozenset[str]:
    """What the backward reads, at once or by what is computed between the update and it."""
    wanted = block[reads].read()
    for piece in reversed(block[writes + 1 : reads]):
        if piece.bound() & wanted:
            wanted |= piece.read()
    return wanted


def _drafts(block: Sequence[Piece], moved: Sequence[int], writes: int, reads: int) -> Iterator[Draft]:
    """The statements below the update, as far down as they can go: a thread that makes it is through by then.

    Where the old values are wanted above it, too, the statements run again.
    """
    pieces = [block[each] for each in moved]
    names = ", ".join(f"`{name}`" for piece in pieces for name in sorted(piece.bound()))
    text = "".join(piece.text for piece in pieces)
    behind = next((each for each in range(reads - 1, writes - 1, -1) if _can_pass(block, moved, each)), None)
    if behind is not None:
        edits = [edit for piece in pieces for edit in piece.removed()]
        what = f"Compute {names} after the update, with the new values"
        yield Draft(what, (*edits, block[behind].followed_by(text)), safe=False)
    else:
        what = f"Compute {names} again after the update, with the new values"
        yield Draft(what, (block[writes].followed_by(text),), safe=False)


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
