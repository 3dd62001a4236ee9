"""What the analysis says of the lines that run, in the names that the run gives its texts: so the two can be compared."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from gradsafe.lsp.documents import Snapshot
from gradsafe.lsp.running import RunCell, RunRequest
from gradsafe.report.entry import Entry
from gradsafe_tracer.events import Place


def predictions(entries: Iterable[Entry], snapshot: Snapshot, request: RunRequest) -> Iterator[Entry]:
    """Those whose line to change is in a cell of the request."""
    for entry in entries:
        place = _in_run(entry.place, snapshot, request)
        if place is not None:
            related = tuple(
                replace(each, place=_in_run(each.place, snapshot, request) or each.place)
                for each in entry.related
            )
            yield replace(entry, place=place, related=related)


def _in_run(place: Place, snapshot: Snapshot, request: RunRequest) -> Place | None:
    if place.file != snapshot.file:
        return None
    document, shift = snapshot.file, 0
    if snapshot.cells:
        cell = snapshot.cell_at(place.row)
        if cell is None:
            return None
        document, shift = cell.uri, cell.first_row - 1
    row = place.row - shift
    run = next((each for each in request.cells if each.document == document and _holds(each, row)), None)
    if run is None:
        return None
    return place._replace(file=run.name, row=row, end_row=place.end_row - shift)


def _holds(cell: RunCell, row: int) -> bool:
    return cell.first_row <= row < cell.first_row + len(cell.text.splitlines())
