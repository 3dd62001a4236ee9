"""Sentences with places in them, in the client's terms: ``on line 5``, ``on line 3 of other.py``, ``on line 2 of cell 4``."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import PurePath
from typing import TYPE_CHECKING

from gradsafe.lsp.documents import Snapshot
from gradsafe_tracer.events import Place

if TYPE_CHECKING:
    from gradsafe.explain.sights import Told


def markdown(word: str, told: Told, snapshot: Snapshot, uri: str) -> str:
    """What is told of a word of ``uri``: the document of ``snapshot``, or a cell of it."""
    lines = [f"**`{word}`**: {sentence(told.head, snapshot, uri)}", ""]
    lines += [f"- {sentence(line, snapshot, uri)}" for line in told.lines]
    if told.notes:
        lines += ["", *(f"*{note}*  " for note in told.notes)]
    return "\n".join(lines).rstrip()


def sentence(line: Iterable[str | Place], snapshot: Snapshot, uri: str) -> str:
    """One sentence, its places put into words."""
    return "".join(part if isinstance(part, str) else _where(part, snapshot, uri) for part in line)


def _where(place: Place, snapshot: Snapshot, uri: str) -> str:
    if place.file != snapshot.file:
        return f"line {place.row} of {PurePath(place.file).name}"
    cell = snapshot.cell_at(place.row)
    if cell is None:
        return f"line {place.row}"
    row = place.row - cell.first_row + 1
    return f"line {row}" if cell.uri == uri else f"line {row} of cell {snapshot.cells.index(cell) + 1}"
