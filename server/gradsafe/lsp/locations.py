"""From places in files to what the client calls them: a document or cell, a range in its units, its version."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from lsprotocol import types
from pygls.uris import from_fs_path

from gradsafe.lsp.convert import split_lines, to_range, to_row_column
from gradsafe.lsp.documents import OpenTexts, Snapshot
from gradsafe_tracer.events import Place


class Spot(NamedTuple):
    """A range in one text document; ``version`` is None where it is not open."""

    uri: str
    range: types.Range
    version: int | None


def spot_of(place: Place, texts: OpenTexts, judged: Snapshot | None = None) -> Spot | None:
    """Where ``place`` is for the client; ``judged`` is the text that the analysis saw of its file.

    What ran in a notebook's cell has the cell's own URI for a file. None where a place is in no text that can be read, or on the separator line between two cells.
    """
    cell = judged.cell_of(place.file) if judged is not None else None
    if cell is not None:
        return Spot(cell.uri, to_range(place, cell.lines, texts.encoding), cell.version)
    snapshot = (
        judged if judged is not None and judged.file == place.file else texts.snapshot_of_file(place.file)
    )
    if snapshot is None:
        return _spot_on_disk(place, texts)
    if not snapshot.cells:
        return Spot(snapshot.uri, to_range(place, snapshot.lines, texts.encoding), snapshot.version)
    cell = snapshot.cell_at(place.row)
    if cell is None:
        return None
    shift = cell.first_row - 1
    local = place._replace(row=place.row - shift, end_row=place.end_row - shift)
    return Spot(cell.uri, to_range(local, cell.lines, texts.encoding), cell.version)


def _spot_on_disk(place: Place, texts: OpenTexts) -> Spot | None:
    path = Path(place.file)
    if not path.is_absolute():
        return None
    try:
        lines = split_lines(path.read_text(encoding="utf-8-sig", errors="replace"))
    except OSError:
        return None
    uri = from_fs_path(place.file)
    return None if uri is None else Spot(uri, to_range(place, lines, texts.encoding), None)


def row_column_of(
    uri: str, position: types.Position, snapshot: Snapshot, texts: OpenTexts
) -> tuple[int, int]:
    """The client's position in ``uri`` (the document of ``snapshot``, or a cell of it) in the text of ``snapshot``."""
    for cell in snapshot.cells:
        if cell.uri == uri:
            row, column = to_row_column(position, cell.lines, texts.encoding)
            return row + cell.first_row - 1, column
    return to_row_column(position, snapshot.lines, texts.encoding)
