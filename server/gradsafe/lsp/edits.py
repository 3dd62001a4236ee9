"""Edits of the analysis as workspace edits for the client."""

from __future__ import annotations

from collections.abc import Iterable

from lsprotocol import types

from gradsafe.lsp.documents import OpenTexts, Snapshot
from gradsafe.lsp.locations import spot_of
from gradsafe.report.entry import EntryEdit


def workspace_edit(
    edits: Iterable[EntryEdit], texts: OpenTexts, judged: Snapshot, versioned: bool
) -> types.WorkspaceEdit | None:
    """``edits`` for the client; None where one of them is in no text that the client knows."""
    by_document: dict[tuple[str, int | None], list[types.TextEdit]] = {}
    for given in edits:
        edit = _within_its_cell(given, judged)
        spot = spot_of(edit.place, texts, judged)
        if spot is None:
            return None
        change = types.TextEdit(range=spot.range, new_text=edit.content)
        by_document.setdefault((spot.uri, spot.version), []).append(change)
    if not versioned:
        return types.WorkspaceEdit(changes={uri: changes for (uri, _), changes in by_document.items()})
    return types.WorkspaceEdit(
        document_changes=[
            types.TextDocumentEdit(
                text_document=types.OptionalVersionedTextDocumentIdentifier(uri=uri, version=version),
                edits=changes,
            )
            for (uri, version), changes in by_document.items()
        ]
    )


def _within_its_cell(edit: EntryEdit, judged: Snapshot) -> EntryEdit:
    """The analysis sees each cell end with a line end, before the marker of the next one; in its notebook a cell has none.

    So an edit that reaches beyond the last line of a cell takes, or brings, the line end before it instead.
    """
    place = edit.place
    cell = judged.cell_at(place.row) if place.file == judged.file else None
    if cell is None:
        return edit
    last = cell.first_row + len(cell.lines) - 1
    if place.end_row <= last:
        return edit
    content = edit.content.removesuffix("\n")
    end = (last, len(cell.lines[-1]) + 1)
    start = (place.row, place.column) if place.row <= last else end
    if place.row > last and content and cell.lines[-1]:
        content = "\n" + content
    elif not content and place.column == 1 and place.row > cell.first_row:
        start = (place.row - 1, len(cell.lines[place.row - 1 - cell.first_row]) + 1)
    at = place._replace(row=start[0], column=start[1], end_row=end[0], end_column=end[1])
    return EntryEdit(at, content)
