"""What the analysis says of the lines that run, in the names that runs give their texts: so the two can be compared."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from gradsafe.lsp.documents import Snapshot
from gradsafe.lsp.kept import Kept
from gradsafe.lsp.running import RunRequest
from gradsafe.report.entry import Entry
from gradsafe.rules.finding import Role
from gradsafe_tracer.events import Place


def predictions(
    entries: Iterable[Entry], snapshot: Snapshot, kept: Kept, request: RunRequest
) -> Iterator[Entry]:
    """Those that this run can bear out or refute: all their lines have run or run now, and one of them runs now."""
    now = {cell.name for cell in request.cells}
    for entry in entries:
        place = _in_run(entry.place, snapshot, kept)
        fails = [_in_run(each.place, snapshot, kept) for each in entry.related if each.role is Role.BACKWARD]
        if place is None or None in fails:
            continue
        if any(each is not None and each.file in now for each in (place, *fails)):
            related = tuple(
                replace(each, place=_in_run(each.place, snapshot, kept) or each.place)
                for each in entry.related
            )
            yield replace(entry, place=place, related=related)


def _in_run(place: Place, snapshot: Snapshot, kept: Kept) -> Place | None:
    """The place in the last text that ran there; None where nothing has."""
    if place.file != snapshot.file:
        return None
    cell = snapshot.cell_at(place.row)
    if snapshot.cells and cell is None:
        return None
    document, shift = (snapshot.file, 0) if cell is None else (cell.uri, cell.first_row - 1)
    found = kept.ran_at(document, place.row - shift)
    if found is None:
        return None
    name, row = found
    return place._replace(file=name, row=row, end_row=row + place.end_row - place.row)
