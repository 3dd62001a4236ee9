"""What runs have shown of one document, tied to the text that ran: it moves with that text, and goes when it is edited."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from gradsafe.lsp.cells import code_of
from gradsafe.lsp.documents import Snapshot
from gradsafe.lsp.running import RunCell, TracedRun, VersionMark
from gradsafe.report.entry import Entry, EntryRelated
from gradsafe.rules.finding import Role
from gradsafe_tracer.events import Place

REMEMBERED = 500
"""How many texts of past runs are followed through edits; a story may lead back to any of them."""


@dataclass
class Track:
    """Where the rows of a text that ran stand now; None for a row that has been edited since."""

    document: str
    first_row: int
    rows: list[int | None]
    code: str

    def now(self, place: Place) -> Place | None:
        """``place`` in the text as it is now; None once one of its rows has been edited."""
        rows = [self._row(row) for row in range(place.row, place.end_row + 1)]
        first = rows[0]
        if first is None or any(row is None or row != first + shift for shift, row in enumerate(rows)):
            return None
        return Place(self.document, first, place.column, first + len(rows) - 1, place.end_column)

    def _row(self, row: int) -> int | None:
        index = row - self.first_row
        return self.rows[index] if 0 <= index < len(self.rows) else None

    def move(self, edit: Edit) -> None:
        """Follows one edit of the document."""
        self.rows = [edit.moved(row) if row is not None else None for row in self.rows]

    def stands_in(self, document: str, first: int, last: int) -> bool:
        """Some of it is in these rows now."""
        return self.document == document and any(row and first <= row <= last for row in self.rows)


@dataclass(frozen=True)
class Edit:
    """The rows ``first`` to ``last`` (1-based; last < first where nothing went) gave way, what follows moves by ``shift``."""

    first: int
    last: int
    shift: int

    def moved(self, row: int) -> int | None:
        """Where ``row`` is afterwards."""
        if row < self.first:
            return row
        return row + self.shift if row > self.last else None


def edit_between(old: Sequence[str], new: Sequence[str]) -> Edit | None:
    """The one piece in which two texts differ, by lines; None where they do not."""
    if old == new:
        return None
    most = min(len(old), len(new))
    head = next((at for at in range(most) if old[at] != new[at]), most)
    tail = next((at for at in range(most - head) if old[-1 - at] != new[-1 - at]), most - head)
    return Edit(head + 1, len(old) - tail, len(new) - len(old))


@dataclass(frozen=True)
class LastResult:
    """What the last run of a cell came to; ``edited`` since then or not."""

    outcome: str
    summary: str
    edited: bool


@dataclass
class _Cell:
    """The last run of one cell."""

    name: str
    outcome: str
    summary: str
    findings: list[Entry] = field(default_factory=list)
    marks: list[VersionMark] = field(default_factory=list)


class Kept:
    """The runs of one document."""

    def __init__(self) -> None:
        self._tracks: dict[str, Track] = {}
        self._cells: list[_Cell] = []

    def follow(self, before: Snapshot, after: Snapshot) -> None:
        """The document has been edited: lines of the run that are gone take their findings with them."""
        if not self._tracks:
            return
        old, new = texts_of(before), texts_of(after)
        for document in {track.document for track in self._tracks.values()}:
            if document not in old:
                continue
            edit = edit_between(old[document], new.get(document, []))
            if edit is None:
                continue
            for track in self._tracks.values():
                if track.document == document:
                    track.move(edit)

    def begin(self, cells: Iterable[RunCell]) -> None:
        """From here on ``cells`` run: what is edited meanwhile counts as edited after."""
        cells = list(cells)
        again = {cell.name for cell in cells}
        for cell in cells:
            count = cell.text.count("\n") + (not cell.text.endswith("\n"))
            rows: list[int | None] = list(range(cell.first_row, cell.first_row + count))
            self._tracks[cell.name] = Track(cell.document, cell.first_row, rows, code_of(cell.text))
        for name in list(self._tracks)[:-REMEMBERED]:
            del self._tracks[name]
        # A whole file runs under one name each time: what its last run showed was of another text.
        self._cells = [old for old in self._cells if old.name in self._tracks and old.name not in again]

    def clear(self) -> None:
        """Show nothing any more. Where texts that ran stand is still followed: a later run may end a story that began in one."""
        self._cells = []

    def add(self, cells: Sequence[RunCell], traced: TracedRun) -> None:
        """What came of the run replaces what earlier runs of the same cells have shown."""
        came = [cell for cell in cells if cell.number in traced.ran]
        stopped = next((cell for cell in cells if cell.number not in traced.ran), None)
        done = [*came, *([stopped] if stopped is not None else [])]
        for cell in done:
            track = self._tracks.get(cell.name)
            rows = [row for row in (track.rows if track is not None else ()) if row is not None]
            if rows:
                self._cells = [
                    old
                    for old in self._cells
                    if not self._tracks[old.name].stands_in(cell.document, rows[0], rows[-1])
                ]
        fresh = {
            cell.name: _Cell(
                cell.name,
                traced.outcome if cell is done[-1] else "completed",
                traced.summary if cell is done[-1] else "completed",
            )
            for cell in done
        }
        last = fresh[done[-1].name] if done else None
        for entry in traced.findings:
            owner = fresh.get(_failed_in(entry), last)
            if owner is not None:
                owner.findings.append(entry)
        for mark in traced.marks:
            if mark.place.file in fresh:
                fresh[mark.place.file].marks.append(mark)
        self._cells += fresh.values()

    def findings(self) -> tuple[Entry, ...]:
        """Those whose every line still stands as it ran, in the text as it is now."""
        found = (self._entry(entry) for cell in self._cells for entry in cell.findings)
        return tuple(entry for entry in found if entry is not None)

    def marks(self) -> tuple[VersionMark, ...]:
        """The marks of lines that still stand."""
        return tuple(
            replace(mark, place=place)
            for cell in self._cells
            for mark in cell.marks
            if (place := self._tracks[mark.place.file].now(mark.place)) is not None
        )

    def ran_at(self, document: str, row: int) -> tuple[str, int] | None:
        """The last text that ran at this row of the document, and the row that it was there."""
        for name, track in reversed(self._tracks.items()):
            if track.document == document and row in track.rows:
                return name, track.first_row + track.rows.index(row)
        return None

    def result(self, cell: RunCell) -> LastResult | None:
        """What the last run of a cell came to."""
        last = cell.first_row + cell.text.count("\n")
        for old in reversed(self._cells):
            track = self._tracks.get(old.name)
            if (
                track is not None
                and old.name != track.document
                and track.stands_in(cell.document, cell.first_row, last)
            ):
                return LastResult(old.outcome, old.summary, track.code != code_of(cell.text))
        return None

    def whole(self, file: str) -> LastResult | None:
        """What the last run of the whole file came to."""
        found = next((old for old in self._cells if old.name == file), None)
        if found is None:
            return None
        return LastResult(found.outcome, found.summary, None in self._tracks[file].rows)

    def _at_home(self, entry: Entry) -> Entry:
        """A write in a module that the document imports is shown where the document leads to it."""
        home = next((each for each in entry.related if each.place.file in self._tracks), None)
        if entry.place.file in self._tracks or home is None:
            return entry
        away = f"{Path(entry.place.file).name}, line {entry.place.row}"
        write = EntryRelated(Role.MODIFIED, entry.place, f"the write is in {away}")
        others = tuple(each for each in entry.related if each is not home)
        message = f"{entry.message} (in {away}; {home.message})"
        return replace(entry, place=home.place, message=message, related=(write, *others))

    def _entry(self, entry: Entry) -> Entry | None:
        entry = self._at_home(entry)
        place = self.place(entry.place)
        related = [(each, self.place(each.place)) for each in entry.related]
        if place is None or any(found is None for _, found in related):
            return None
        now = tuple(replace(each, place=found) for each, found in related if found is not None)
        return replace(entry, place=place, related=now)

    def place(self, place: Place) -> Place | None:
        """In the text as it is now; a file that is not followed stands where it stood."""
        track = self._tracks.get(place.file)
        return place if track is None else track.now(place)


def texts_of(snapshot: Snapshot) -> dict[str, list[str]]:
    """The texts of a document by the names that :class:`RunCell` uses."""
    return {cell.uri: cell.lines for cell in snapshot.cells} or {snapshot.file: snapshot.lines}


def _failed_in(entry: Entry) -> str:
    """The text whose run showed the finding: that of the backward, else that of the write itself."""
    backward: Iterator[Place] = (each.place for each in entry.related if each.role is Role.BACKWARD)
    return next(backward, entry.place).file
