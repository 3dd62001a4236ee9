"""Between code points, which is what the analysis counts, and the units that the client counts.

Rows and columns of a :class:`Place` are 1-based, columns in code points; positions of the
protocol are 0-based, in UTF-8, UTF-16 or UTF-32 units as negotiated. Lines end at CR LF, LF or CR and nowhere else:
``str.splitlines`` also breaks at form feeds and a few more, which editors do not.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import islice

from lsprotocol import types

from gradsafe_tracer.events import Place

_LINE_END = re.compile("\r\n|\n|\r")


def split_lines(text: str) -> list[str]:
    """The lines of ``text`` without their ends; at least one."""
    return text.split("\n") if "\r" not in text else _LINE_END.split(text)


def line_starts(text: str) -> list[int]:
    """The offset of each line's first code point."""
    return [0, *(match.end() for match in _LINE_END.finditer(text))]


def line_start(text: str, line: int) -> int | None:
    """The offset of a line's (0-based) first code point; None where there are not so many. Asked with each keystroke."""
    if "\r" in text:
        ends = islice(_LINE_END.finditer(text), line)
        starts = [0, *(match.end() for match in ends)]
        return starts[line] if line < len(starts) else None
    parts = text.split("\n", line)
    return len(text) - len(parts[line]) if line < len(parts) else None


def units_to_column(line: str, units: int, encoding: types.PositionEncodingKind | str) -> int:
    """The code point (0-based) at ``units`` into ``line``; the line's end if that is beyond it."""
    if encoding == types.PositionEncodingKind.Utf32 or line.isascii():
        return min(units, len(line))
    seen = 0
    for column, character in enumerate(line):
        if seen >= units:
            return column
        seen += _units(character, encoding)
    return len(line)


def column_to_units(line: str, column: int, encoding: types.PositionEncodingKind | str) -> int:
    """How many units the first ``column`` code points of ``line`` take."""
    before = line[:column]
    if encoding == types.PositionEncodingKind.Utf32 or before.isascii():
        return len(before)
    return sum(_units(character, encoding) for character in before)


def _units(character: str, encoding: types.PositionEncodingKind | str) -> int:
    code = ord(character)
    if encoding == types.PositionEncodingKind.Utf8:
        return 1 if code < 0x80 else 2 if code < 0x800 else 3 if code < 0x10000 else 4
    return 1 if code < 0x10000 else 2


def to_range(place: Place, lines: Sequence[str], encoding: types.PositionEncodingKind | str) -> types.Range:
    """``place`` as a range in ``lines``; clamped to them, since they may have been edited since."""

    def position(row: int, column: int) -> types.Position:
        index = min(max(row - 1, 0), len(lines) - 1)
        units = column_to_units(lines[index], max(column - 1, 0), encoding)
        return types.Position(line=index, character=units)

    return types.Range(start=position(place.row, place.column), end=position(place.end_row, place.end_column))


def to_row_column(
    position: types.Position, lines: Sequence[str], encoding: types.PositionEncodingKind | str
) -> tuple[int, int]:
    """A position of the client as 1-based row and column in code points."""
    if position.line >= len(lines):
        return len(lines), len(lines[-1]) + 1
    return position.line + 1, units_to_column(lines[position.line], position.character, encoding) + 1


def apply_change(
    text: str,
    change: types.TextDocumentContentChangeEvent,
    encoding: types.PositionEncodingKind | str,
) -> str:
    """``text`` after one change of ``didChange``."""
    if isinstance(change, types.TextDocumentContentChangeWholeDocument):
        return change.text

    first, last = change.range.start, change.range.end
    start_of_first = line_start(text, first.line)
    start_of_last = start_of_first if last.line == first.line else line_start(text, last.line)

    def offset(position: types.Position, start: int | None) -> int:
        if start is None:
            return len(text)
        end = _LINE_END.search(text, start)
        line = text[start : end.start() if end else len(text)]
        return start + units_to_column(line, position.character, encoding)

    return text[: offset(first, start_of_first)] + change.text + text[offset(last, start_of_last) :]
