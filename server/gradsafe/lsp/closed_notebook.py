"""Findings in a notebook that nobody has open: its cells have no documents then, so they are told in the ``.ipynb`` file itself.

The analysis sees the code cells joined. Each line of theirs is a JSON string in the file, mostly on a line of its own.
"""

from __future__ import annotations

import json
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from attrs import evolve
from lsprotocol import types

from gradsafe.lsp.convert import line_starts


class _Line(NamedTuple):
    """One line of a code cell (both count from 1), and where the file has it."""

    cell: int
    line: int
    range: types.Range


def in_notebook(file: str, uri: str, found: Iterable[types.Diagnostic]) -> list[types.Diagnostic]:
    """The diagnostics of the joined cells where the file says what they are about; each names its cell."""
    lines = _lines(file)
    told = []
    for diagnostic in found:
        at = _at(lines, diagnostic.range)
        related = [
            evolve(
                each,
                location=types.Location(uri, where.range),
                message=f"{_name(where)}: {each.message}",
            )
            if each.location.uri == uri and (where := _at(lines, each.location.range))
            else each
            for each in diagnostic.related_information or ()
        ]
        message = f"{_name(at)}: {diagnostic.message}"
        told.append(evolve(diagnostic, range=at.range, message=message, related_information=related or None))
    return told


def _name(line: _Line) -> str:
    return f"cell {line.cell}, line {line.line}"


def _at(lines: Sequence[_Line], range: types.Range) -> _Line:
    nowhere = types.Range(types.Position(0, 0), types.Position(0, 0))
    return lines[range.start.line] if range.start.line < len(lines) else _Line(0, 0, nowhere)


def _lines(file: str) -> list[_Line]:
    """By line of the joined text: a marker, the lines of the first cell, a marker, and so on."""
    try:
        text = Path(file).read_text("utf-8")
        cells = json.loads(text)["cells"]
        sources = [cell["source"] for cell in cells if cell["cell_type"] == "code"]
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return []  # it has changed since it was judged
    found: list[_Line] = []
    starts, at = line_starts(text), 0
    for number, source in enumerate(sources, 1):
        pieces = source.splitlines(keepends=True) if isinstance(source, str) else list(source)
        found.append(_Line(number, 1, _range(starts, at, at)))
        for row, piece in enumerate(pieces or [""], 1):
            begin, end = _find(text, piece, at)
            at = end
            found.append(_Line(number, row, _range(starts, begin, end)))
        if pieces and pieces[-1].endswith("\n"):  # the joined text has one line more
            found.append(_Line(number, len(pieces), found[-1].range))
    return found


def _find(text: str, piece: str, at: int) -> tuple[int, int]:
    """Where a string stands in JSON, from ``at`` on; there, if it is written in another way."""
    for form in _forms(piece):
        begin = text.find(form, at)
        if begin >= 0:
            return begin, begin + len(form)
    return at, at


def _forms(piece: str) -> Iterator[str]:
    yield json.dumps(piece, ensure_ascii=False)
    yield json.dumps(piece)
    yield json.dumps(piece, ensure_ascii=False)[1:-1]  # in a source that is one string


def _range(starts: Sequence[int], begin: int, end: int) -> types.Range:
    def position(offset: int) -> types.Position:
        line = bisect_right(starts, offset) - 1
        return types.Position(line, offset - starts[line])

    return types.Range(position(begin), position(end))
