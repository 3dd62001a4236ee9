"""Sentences with places in them, in the client's terms: ``on line 5``, ``on line 3 of other.py``, ``on line 2 of cell 4``."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import PurePath
from textwrap import shorten
from typing import TYPE_CHECKING

from gradsafe.lsp.documents import Snapshot
from gradsafe_tracer.events import Place

if TYPE_CHECKING:
    from gradsafe.explain.sights import Told

MAX_LINE = 60
"""So long is what is quoted of a line."""


def markdown(word: str, told: Told, snapshot: Snapshot, uri: str) -> str:
    """What is told of a word of ``uri``: the document of ``snapshot``, or a cell of it."""
    lines = [f"**`{word}`**: {sentence(told.head, snapshot, uri)}", ""]
    lines += [f"- {sentence(line, snapshot, uri)}" for line in told.lines]
    if told.notes:
        lines += ["", *(f"*{note}*  " for note in told.notes)]
    return "\n".join(lines).rstrip()


def sentence(line: Iterable[str | Place], snapshot: Snapshot, uri: str) -> str:
    """One sentence, its places put into words."""
    return "".join(part if isinstance(part, str) else where(part, snapshot, uri) for part in line)


def where(place: Place, snapshot: Snapshot, uri: str) -> str:
    """The line of ``place``, told to somebody who looks at ``uri``; what ran in a cell has the cell's URI for a file."""
    cell, row = snapshot.cell_of(place.file), place.row
    if cell is None:
        if place.file != snapshot.file:
            return f"line {row} of {PurePath(place.file).name}"
        cell = snapshot.cell_at(row)
        if cell is None:
            return _line(row, snapshot)
        row -= cell.first_row - 1
    return f"line {row}" if cell.uri == uri else f"line {row} of cell {snapshot.cells.index(cell) + 1}"


def _line(row: int, snapshot: Snapshot) -> str:
    """By its number where the editor shows that number, else by its text."""
    if snapshot.numbered or row > len(snapshot.lines):
        return f"line {row}"
    return f"line `{shorten(snapshot.lines[row - 1], MAX_LINE, placeholder=' ...')}`"
