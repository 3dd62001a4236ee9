"""Let backward read the old values: move the update, ``optimizer.step()`` as a rule, below the backward that reads them.

What the parameters' gradients hold by then is what they held before, and what that backward adds: so it is never safe.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence

import libcst as cst

from gradsafe.fixes.draft import Draft
from gradsafe.fixes.forms import callee, words
from gradsafe.fixes.pieces import Piece, backward_of, blocks_around, update_and_backward
from gradsafe.fixes.site import Site
from gradsafe.fixes.tree import walk
from gradsafe.fixes.variables import names_in

_AGAIN = words("zip enumerate range reversed items values keys")
"""What gives the same elements when it is called a second time."""


def propose(site: Site) -> Iterator[Draft]:
    found = update_and_backward(site)
    yield from _moved(site, *found) if found is not None else _in_a_loop_of_its_own(site)


def _moved(site: Site, block: Sequence[Piece], writes: int, reads: int) -> Iterator[Draft]:
    update, passed = block[writes], block[writes + 1 : reads + 1]
    backward = backward_of(site)
    if backward is None or any(update.runs(backward.function)):
        return  # one function does both
    if any(each.names() & update.bound() or each.bound() & update.read() for each in passed):
        return
    if any(_zeroes(each.text, update.read()) for each in passed):
        return
    moved = update.alone(site.spot)
    if moved is not None:
        edits, text = moved
        yield Draft(
            f"Move {_called(site)} below the backward that reads the old values",
            (*edits, passed[-1].followed_by(text)),
            False,
        )


def _in_a_loop_of_its_own(site: Site) -> Iterator[Draft]:
    """``for loss, opt in ...:`` whose rounds share a forward: first all of the backward calls, then all steps."""
    for inner, outer in itertools.pairwise(blocks_around(site.sources, site.spot)):
        loop = next(piece for piece in outer if piece.covers(site.spot))
        header, update = _header(loop, inner), inner[-1]
        if header is None or len(inner) < 2 or not update.covers(site.spot) or update.statement is None:
            continue
        node = loop.parts[0].node
        own = names_in(node.target) if isinstance(node, cst.For) else frozenset()
        if not own & update.names() or any(piece.bound() & update.names() for piece in inner[:-1]):
            continue  # not one update for each element
        what = f"Run {_called(site)} in a loop of its own, behind the last backward"
        edits = (*update.removed(), loop.followed_by(header + update.text))
        yield Draft(what, edits, safe=False)


def _header(loop: Piece, body: Sequence[Piece]) -> str | None:
    """The line that begins a loop, where it can be run again: over the same elements."""
    part, first = loop.parts[0], body[0].parts[0]
    node = part.node
    if not isinstance(node, cst.For) or node.orelse is not None or node.asynchronous is not None:
        return None
    calls = (each.node for each in walk([node.iter]))
    if any(isinstance(call, cst.Call) and callee(call) not in _AGAIN for call in calls):
        return None
    inside = first.code.chunk == part.code.chunk
    header = part.code.text[part.start : first.start] if inside else part.text
    return header if "#" not in header else None


def _zeroes(text: str, names: frozenset[str]) -> bool:
    """Whether the gradients that the update is made of are thrown away here."""
    return any(f"{name}.zero_grad(" in text for name in names)


def _called(site: Site) -> str:
    node = site.spot.statement.node
    is_step = isinstance(node, cst.Expr) and isinstance(node.value, cst.Call)
    text = site.spot.text(node)
    return f"`{text}`" if is_step and "\n" not in text and len(text) < 40 else "the update"
