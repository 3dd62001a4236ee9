"""Quick fixes of findings that exist only in the order in which a notebook's cells were run.

A fix is made where its lines stand in the document, and proved twice: with it, the cells run again in the same order have one
finding less and none more; and the document has none more. What has been edited since it ran is left alone: its run says nothing of it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from gradsafe.lsp.analysis import Analysis
from gradsafe.lsp.as_executed import first_rows, text_of
from gradsafe.lsp.documents import Cell, Snapshot
from gradsafe.report.entry import Entry, EntryEdit, EntryFix


def fixes_as_run(analysis: Analysis, snapshot: Snapshot, found: Entry) -> list[EntryFix]:
    """The fixes of a finding, which is as it was found in the text of the runs, as edits of the notebook. In the worker."""
    offered = analysis.fixes_instead(snapshot.file, text_of(snapshot.runs), found)
    fixes: dict[tuple[EntryEdit, ...], EntryFix] = {}
    for fix in offered:
        edits = [_in_document(edit, snapshot) for edit in fix.edits]
        now = tuple(edit for edit in edits if edit is not None)
        if len(now) == len(edits):
            # One that was run twice is edited once.
            fixes.setdefault(now, replace(fix, edits=tuple(dict.fromkeys(now))))
    return list(fixes.values())


def holds_as_run(analysis: Analysis, snapshot: Snapshot, found: Entry, fix: EntryFix) -> bool:
    """Whether the fix (in the notebook's places) mends the finding in the runs, and does no harm in either order. In the worker."""
    from gradsafe.report.texts import (
        edited_files,
    )  # with it comes libcst, which must not come before ``initialize``

    file, ran = snapshot.file, text_of(snapshot.runs)
    again = [each for edit in fix.edits for each in _in_runs(edit, snapshot)]
    try:
        mended = edited_files({file: ran}, again)[file]
        document = edited_files({file: snapshot.text}, fix.edits)[file]
    except (KeyError, ValueError):  # an edit elsewhere, or two that overlap
        return False
    return analysis.holds_instead(file, ran, found, mended, document)


def _in_document(edit: EntryEdit, snapshot: Snapshot) -> EntryEdit | None:
    if edit.place.file != snapshot.file:
        return None
    rows = first_rows(snapshot.runs)
    at = max(sum(row <= edit.place.row for row in rows) - 1, 0)
    run = snapshot.runs[at]
    cell = snapshot.cell_of(run.cell)
    if cell is None or cell.text != run.text:
        return None
    return _moved(edit, cell.first_row - rows[at])


def _in_runs(edit: EntryEdit, snapshot: Snapshot) -> Iterator[EntryEdit]:
    """The edit in each run of its cell that had the text that the cell has."""
    cell: Cell | None = snapshot.cell_at(edit.place.row)
    rows: Sequence[int] = first_rows(snapshot.runs)
    for run, row in zip(snapshot.runs, rows, strict=True):
        if cell is not None and run.cell == cell.uri and run.text == cell.text:
            yield _moved(edit, row - cell.first_row)


def _moved(edit: EntryEdit, rows: int) -> EntryEdit:
    place = edit.place
    return replace(edit, place=place._replace(row=place.row + rows, end_row=place.end_row + rows))
