"""Run backward before a ``with`` ends, whose exit writes what was saved: weights that are scaled, averaged or swapped for its time.

The statements up to the backward go into the block, which computes the same. Gradients that are read behind it are there as well;
only the values that the exit restores are still the others when backward runs: never safe.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import libcst as cst

from gradsafe.fixes.draft import Draft
from gradsafe.fixes.pieces import Piece, backward_of, blocks_around, standing_for
from gradsafe.fixes.site import Site
from gradsafe.fixes.spot import Spot
from gradsafe.rules.finding import Edit

_STATEMENTS = 4
"""More than these are nobody's idea of a quick fix."""


def propose(site: Site) -> Iterator[Draft]:
    backward = backward_of(site)
    if backward is None:
        return
    for block in blocks_around(site.sources, backward):
        reads = standing_for(backward, block)
        for number, piece in enumerate(block[: reads[0]] if reads else ()):
            inside = block[number + 1 : reads[0] + 1]
            step = _step(piece)
            if step and _is_left_by(piece, site.spot) and len(inside) <= _STATEMENTS:
                yield from _moved(piece, inside, step)


def _is_left_by(piece: Piece, write: Spot) -> bool:
    """Whether the write is in the function, or a method of the class, that the ``with`` of this statement is about."""
    owner = write.code.chunk.qualname.rpartition(".")[0].rpartition(".")[2]
    return any(any(piece.runs(name)) for name in (write.function, owner) if name)


def _step(piece: Piece) -> str:
    """By how much the block of a ``with`` is indented; empty for anything else, and for a block without lines of its own."""
    node, code = piece.parts[0].node, piece.parts[0].code
    if len(piece.parts) > 1 or not isinstance(node, cst.With) or not isinstance(node.body, cst.IndentedBlock):
        return ""
    first = node.body.body[0]
    start = code.offsets(first.body[0] if isinstance(first, cst.SimpleStatementLine) else first)[0]
    line = code.text[max(code.text.rfind("\n", 0, start), code.text.rfind("\r", 0, start)) + 1 : start]
    return line.removeprefix(piece.indent) if not line.strip() else ""


def _moved(block: Piece, inside: Sequence[Piece], step: str) -> Iterator[Draft]:
    text = "".join(piece.text for piece in inside)
    if '"""' in text or "'''" in text or any(piece.defines for piece in inside):
        return  # indenting would change a string
    lines = "".join(f"{step}{line}" if line.strip() else line for line in text.splitlines(keepends=True))
    edits: list[Edit] = [edit for piece in inside for edit in piece.removed()]
    last = inside[-1].text.strip()
    what = last if "\n" not in last and len(last) < 40 else "backward"
    yield Draft(
        f"Run `{what}` inside the `with`, before its end changes the values",
        (*edits, block.followed_by(lines)),
        False,
    )
