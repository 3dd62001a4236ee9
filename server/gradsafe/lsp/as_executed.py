"""What there is to say of a notebook in the order in which its cells were run, beside what there is in the document's.

The runs are judged as a text of their own; what is found there is told at the rows where their lines stand now. A finding
goes when one of its lines is edited, as those of traced runs do, and with the next run of its cell.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from gradsafe.lsp.analysis import Analysis, GiveWay, Judgement, Remark
from gradsafe.lsp.cells import join_cells
from gradsafe.lsp.convert import split_lines
from gradsafe.lsp.documents import Snapshot
from gradsafe.lsp.executed import Execution, is_another_order
from gradsafe.lsp.kept import edit_between
from gradsafe.report.entry import Entry
from gradsafe.rules.finding import UNUSED, Role, Severity
from gradsafe_tracer.events import Place

MOST_NAMED = 12
"""How many runs the message names; the last ones matter."""


@dataclass(frozen=True)
class JudgedRuns:
    """Some runs, and what was found in the text that they make together."""

    runs: tuple[Execution, ...] = ()
    entries: tuple[Entry, ...] = ()
    unused: tuple[Place, ...] = ()
    """Suppressions that suppress nothing in that text."""


def judge_runs(analysis: Analysis, snapshot: Snapshot, give_way: GiveWay) -> JudgedRuns | None:
    """The verdict on the runs of the notebook, in the worker; None where something more urgent waits."""
    runs = snapshot.runs
    if not is_another_order(runs, {cell.uri: cell.text for cell in snapshot.cells}):
        return JudgedRuns()
    judged = analysis.judge_instead(snapshot.file, text_of(runs), give_way)
    if judged is None:
        return None
    unused = tuple(remark.place for remark in judged.remarks if remark.code == UNUSED)
    return JudgedRuns(runs, judged.entries, unused)


def text_of(runs: Sequence[Execution]) -> str:
    """The text that the runs make together."""
    return join_cells([run.text for run in runs])


def first_rows(runs: Sequence[Execution]) -> list[int]:
    """Where the text of each run begins in it (1-based): below its marker."""
    rows: list[int] = []
    row = 1
    for run in runs:
        rows.append(row + 1)
        row += len(split_lines(run.text)) + 1
    return rows


def with_runs(judgement: Judgement, judged: JudgedRuns, snapshot: Snapshot) -> Judgement:
    """Both orders together; what exists only in one of the two says which."""
    if not judged.runs:
        return judgement
    runs = _Runs(judged.runs, snapshot)
    of_runs = [(found, entry) for entry in judged.entries if (found := runs.entry(entry)) is not None]
    in_document = {_key(entry) for entry in judgement.entries}
    in_runs = {_key(found) for found, _ in of_runs}
    notes = {
        entry: f"only in the order of the cells in the notebook, not as they were run: {runs.order()}"
        for entry in judgement.entries
        if _key(entry) not in in_runs and runs.ran_as_it_stands(entry)
    }
    only_there: dict[tuple[str, Place], tuple[Entry, Entry]] = {}
    for found, entry in of_runs:
        if _key(found) not in in_document:
            only_there.setdefault(_key(found), (found, entry))
    only_as_run = dict(only_there.values())
    notes |= dict.fromkeys(only_as_run, runs.note())
    return replace(
        judgement,
        entries=(*judgement.entries, *only_as_run),
        remarks=tuple(each for each in judgement.remarks if not runs.needs(each, judged.unused)),
        notes=notes,
        only_as_run=only_as_run,
    )


def _key(entry: Entry) -> tuple[str, Place]:
    return entry.code, entry.place


class _Runs:
    """Between places in the text of the runs and in that of the notebook."""

    def __init__(self, runs: Sequence[Execution], snapshot: Snapshot) -> None:
        self._runs, self._snapshot = runs, snapshot
        self._numbers = {cell.uri: number for number, cell in enumerate(snapshot.cells, 1)}
        self._latest = {run.cell: at for at, run in enumerate(runs)}
        self._starts = first_rows(runs)

    # -- words

    def order(self) -> str:
        """``1, 3, 2``: the numbers of the cells, in the order in which they were run."""
        names = [self._name(run) for run in self._runs]
        return ", ".join(names if len(names) <= MOST_NAMED else ["...", *names[-MOST_NAMED:]])

    def note(self) -> str:
        """Why the document does not show it."""
        edited = sorted({self._numbers[run.cell] for run in self._runs if self._is_edited(run)})
        numbers = [self._numbers.get(run.cell, 0) for run in self._runs]
        if not edited or numbers != sorted(set(numbers)):
            return f"only in the order in which the cells were run: {self.order()}"
        cells = f"cell {edited[0]} has" if len(edited) == 1 else f"cells {', '.join(map(str, edited))} have"
        return f"only as the cells were run: {self.order()}; {cells} been edited since"

    def _name(self, run: Execution) -> str:
        number = self._numbers.get(run.cell)
        return str(number) if number is not None else "a deleted cell"

    def _is_edited(self, run: Execution) -> bool:
        cell = self._snapshot.cell_of(run.cell)
        return cell is not None and cell.text != run.text

    # -- places

    def ran_as_it_stands(self, entry: Entry) -> bool:
        """Every cell of the story has run with the text that it has: else the runs say nothing of it."""
        cells = {self._snapshot.cell_at(row) for row in self._rows(entry)}
        texts = {run.cell: run.text for run in self._runs}
        return all(cell is not None and texts.get(cell.uri) == cell.text for cell in cells)

    def needs(self, remark: Remark, unused: Sequence[Place]) -> bool:
        """Whether it is said of a suppression that hides nothing in the document, but something in the runs."""
        cell = self._snapshot.cell_at(remark.place.row)
        if remark.code != UNUSED or cell is None or self._snapshot.file != remark.place.file:
            return False
        ran = any(run.cell == cell.uri and run.text == cell.text for run in self._runs)
        return ran and remark.place not in {self._now(place) for place in unused}

    def _rows(self, entry: Entry) -> Iterator[int]:
        for place in (entry.place, *(each.place for each in entry.related)):
            if place.file == self._snapshot.file:
                yield place.row

    def entry(self, entry: Entry) -> Entry | None:
        """The entry where its lines stand now; None where it is out of date, or the kernel has shown that it is wrong."""
        if self._is_gone(entry) or self._was_disproved(entry):
            return None
        severity = entry.severity
        if severity is Severity.ERROR and not all(run.certain for run in self._upto(entry)):
            severity = Severity.WARNING
        told = entry if self._now(entry.place) is not None else self._at_home(entry)
        place = self._now(told.place) if told is not None else None
        if told is None or place is None:
            return None
        related = tuple(
            replace(each, place=found)
            for each in told.related
            if (found := self._now(each.place)) is not None
        )
        return replace(told, place=place, related=related, severity=severity)

    def _upto(self, entry: Entry) -> Sequence[Execution]:
        """The runs that the finding rests on: all up to the last of its story."""
        last = max((self._run_at(row) for row in self._rows(entry)), default=len(self._runs) - 1)
        return self._runs[: last + 1]

    def _is_gone(self, entry: Entry) -> bool:
        """One of its lines has been edited, or the run that showed it is not the last one of its cell."""
        places = (entry.place, *(each.place for each in entry.related))
        here = [place for place in places if place.file == self._snapshot.file]
        runs = [self._run_at(place.row) for place in here]
        if runs and self._latest[self._runs[max(runs)].cell] != max(runs):
            return True
        deleted = [self._runs[at].cell not in self._numbers for at in runs]
        return any(self._now(place) is None and not gone for place, gone in zip(here, deleted, strict=True))

    def _was_disproved(self, entry: Entry) -> bool:
        """It says that a cell raises, and the kernel says that the cell succeeded."""
        fails = [each.place for each in entry.related if each.role is Role.BACKWARD] or [entry.place]
        if entry.runtime_message is None or fails[0].file != self._snapshot.file:
            return False
        return self._runs[self._run_at(fails[0].row)].success is True

    def _at_home(self, entry: Entry) -> Entry | None:
        """A write in a cell that has been deleted is told at the first line of its story that still stands."""
        home = next((each for each in entry.related if self._now(each.place) is not None), None)
        if home is None:
            return None
        others = tuple(each for each in entry.related if each is not home)
        message = f"{entry.message} (in a cell that has been deleted since; {home.message})"
        return replace(entry, place=home.place, message=message, related=others)

    def _now(self, place: Place) -> Place | None:
        """The place in the notebook's text as it is now; None once one of its rows is edited or deleted."""
        if place.file != self._snapshot.file:
            return place
        at = self._run_at(place.row)
        run = self._runs[at]
        cell = self._snapshot.cell_of(run.cell)
        if cell is None:
            return None
        edit = edit_between(split_lines(run.text), cell.lines)
        rows = [row - self._starts[at] + 1 for row in range(place.row, place.end_row + 1)]
        moved = [row if edit is None else edit.moved(row) for row in rows]
        first = moved[0]
        if first is None or any(row is None or row != first + shift for shift, row in enumerate(moved)):
            return None
        row = first + cell.first_row - 1
        return place._replace(row=row, end_row=row + place.end_row - place.row)

    def _run_at(self, row: int) -> int:
        return max(sum(start <= row for start in self._starts) - 1, 0)
