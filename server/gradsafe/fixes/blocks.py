"""Putting statements under ``with torch.no_grad():``, lines and comments kept."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import libcst as cst

from gradsafe.fixes.site import Site
from gradsafe.fixes.sources import Code
from gradsafe.fixes.spot import Spot
from gradsafe.fixes.tree import Cursor, walk
from gradsafe.rules.finding import Edit
from gradsafe.syntax.span import Span

STRINGS = (cst.SimpleString, cst.FormattedString)


def own_line(spot: Spot) -> Cursor | None:
    """The statement's line, if it holds nothing else and stands in a block of its own lines."""
    line = spot.statement.parent
    if line is None or not isinstance(line.node, cst.SimpleStatementLine) or len(line.node.body) != 1:
        return None
    return line if spot.begins_line else None


def no_grad_header(site: Site) -> str | None:
    """``with torch.no_grad():`` by the name under which the file knows torch."""
    torch = site.sources.local_name(site.spot.code.chunk.file, "torch")
    return f"with {torch}.no_grad():" if torch is not None else None


def indented_under(spot: Spot, header: str, lines: Sequence[tuple[Code, Cursor]]) -> tuple[Edit, ...]:
    """``header`` in front of the adjacent statement lines, and these one level deeper."""
    indent, unit = spot.indent, _unit(spot.indent)
    edits: list[Edit] = []
    for code, line in lines:
        start = code.offsets(line.node.body[0])[0]  # type: ignore[attr-defined]
        before = unit if edits else f"{header}{spot.newline}{indent}{unit}"
        edits.append(Edit(Span(code.chunk, start, start), before))
        edits += [Edit(Span(code.chunk, at, at), unit) for at in _continuations(code, line)]
    return tuple(edits)


def under_header(spot: Spot, header: str, line: Cursor) -> tuple[Edit, ...]:
    """``header`` in front of all statements of a line; those on the line of a loop or an ``if`` get lines of their own."""
    if isinstance(line.node, cst.SimpleStatementLine):
        return indented_under(spot, header, [(spot.code, line)]) if spot.begins_line else ()
    opener = line.parent.node if line.parent is not None else None
    above = line.parent.parent if line.parent is not None else None
    if not isinstance(opener, (cst.For, cst.While, cst.If)) or _is_continued(opener, above):
        return ()
    body = line.node.body  # type: ignore[attr-defined]
    start, end = spot.offsets(body[0])[0], spot.offsets(body[-1])[1]
    text = spot.code.text
    if "\n" in text[start:end] or "\r" in text[start:end]:
        return ()
    colon = len(text[:start].rstrip(" \t\f"))
    indent, unit = spot.indent, _unit(spot.indent)
    lines = (f"{indent}{unit}{header}", f"{indent}{unit}{unit}")
    return (spot.replace(colon, start, spot.newline + spot.newline.join(lines)),)


def _is_continued(opener: cst.For | cst.While | cst.If, above: Cursor | None) -> bool:
    """An ``elif``, or what has an ``else``, whose own line would be read with it."""
    return opener.orelse is not None or (above is not None and isinstance(above.node, cst.If))


def _unit(indent: str) -> str:
    """One level of indentation, in the manner of what there is."""
    return "\t" if "\t" in indent else "    " if len(indent) % 4 == 0 else "  "


def out_of_block(spot: Spot) -> tuple[Edit, ...]:
    """Take the statement out of a ``with`` that holds nothing else; no edits where that is not so."""
    line = own_line(spot)
    block = line.parent if line is not None else None
    header = block.parent if block is not None else None
    if header is None or not isinstance(header.node, cst.With) or len(header.node.items) != 1:
        return ()
    start, end = spot.offsets(header.node)[0], spot.offsets(spot.statement.node)[0]
    if len(header.node.body.body) != 1 or "#" in spot.code.text[start:end]:
        return ()
    return (spot.replace(start, end, ""),)


def _continuations(code: Code, line: Cursor) -> Iterator[int]:
    """Where the further lines of a statement begin, those inside a string left out."""
    start = code.offsets(line.node.body[0])[0]  # type: ignore[attr-defined]
    end = code.offsets(line.node.body[-1])[1]  # type: ignore[attr-defined]
    strings = [code.offsets(each.node) for each in walk([line.node]) if isinstance(each.node, STRINGS)]
    at = _next_line(code.text, start)
    while at < end:
        if code.text[at] not in "\r\n" and not any(first < at < last for first, last in strings):
            yield at
        at = _next_line(code.text, at)


def _next_line(text: str, at: int) -> int:
    for index in range(at, len(text)):
        if text[index] == "\n" or (text[index] == "\r" and not text.startswith("\r\n", index)):
            return index + 1
    return len(text)
