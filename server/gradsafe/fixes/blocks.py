"""Putting statements under ``with torch.no_grad():``, lines and comments kept."""

from __future__ import annotations

from collections.abc import Sequence

import libcst as cst

from gradsafe.fixes.site import Site, Spot
from gradsafe.fixes.tree import Cursor, walk
from gradsafe.rules.finding import Edit

STRINGS = (cst.SimpleString, cst.FormattedString)


def own_line(spot: Spot) -> Cursor | None:
    """The statement's line, if it holds nothing else and stands in a block of its own lines."""
    line = spot.statement.parent
    if line is None or not isinstance(line.node, cst.SimpleStatementLine) or len(line.node.body) != 1:
        return None
    return line


def no_grad_header(site: Site) -> str | None:
    """``with torch.no_grad():`` by the name under which the file knows torch."""
    torch = site.sources.local_name(site.spot.code.chunk.file, "torch")
    return f"with {torch}.no_grad():" if torch is not None else None


def indented_under(spot: Spot, header: str, lines: Sequence[Cursor]) -> tuple[Edit, ...]:
    """``header`` in front of the adjacent statement lines, and these one level deeper."""
    text, indent = spot.code.text, spot.indent
    unit = "\t" if "\t" in indent else "    " if len(indent) % 4 == 0 else "  "
    first = spot.offsets(lines[0].node.body[0])[0]  # type: ignore[attr-defined]
    last = spot.offsets(lines[-1].node.body[-1])[1]  # type: ignore[attr-defined]
    edits = [spot.insert(first, f"{header}{spot.newline}{indent}{unit}")]
    strings = [
        spot.offsets(each.node)
        for line in lines
        for each in walk([line.node])
        if isinstance(each.node, STRINGS)
    ]
    at = _next_line(text, first)
    while at < last:
        inside_string = any(start < at < end for start, end in strings)
        blank = text[at] in "\r\n"
        if not inside_string and not blank:
            edits.append(spot.insert(at, unit))
        at = _next_line(text, at)
    return tuple(edits)


def _next_line(text: str, at: int) -> int:
    for index in range(at, len(text)):
        if text[index] == "\n" or (text[index] == "\r" and not text.startswith("\r\n", index)):
            return index + 1
    return len(text)
