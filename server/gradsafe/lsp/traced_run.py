"""Runs by ``gradsafe.trace``, in the words and places of the editor."""

from __future__ import annotations

import dataclasses
import json
import linecache
import threading
from collections.abc import Callable, Sequence
from pathlib import Path

from gradsafe.lsp.running import CellRunner, Kind, OnOutput, RunCell, RunRequest, TracedRun
from gradsafe.lsp.versions import version_marks
from gradsafe.trace import (
    Comparison,
    TraceRequest,
    TraceResult,
    compare,
    entries,
    render_text,
    run_trace,
    summary,
    to_html,
)
from gradsafe.trace.session import CellText, Limits, SessionRun, TraceSession
from gradsafe_tracer.events import Place
from gradsafe_tracer.timeline import Verdict


class RealRunner:
    """Starts processes."""

    def run(self, request: RunRequest, cancel: threading.Event, on_output: OnOutput) -> TracedRun:
        """The whole file, one of its tests, or a dry run of its beginning."""
        asked = _asked(request)
        if isinstance(asked, str):
            return TracedRun("failed", asked, asked)
        result = run_trace(asked, cancel=cancel, on_output=on_output)
        ran = tuple(cell.number for cell in request.cells) if result.outcome == "completed" else ()
        return _told(result, asked, request, ran)

    def session(self, request: RunRequest) -> CellRunner:
        return RealSession(request)


class RealSession:
    """A :class:`TraceSession`, and the texts that it has run."""

    def __init__(self, request: RunRequest) -> None:
        self._session = TraceSession(request.file, request.interpreter, _folder(request), request.notebook)
        self._cells: list[RunCell] = []

    @property
    def alive(self) -> bool:
        return self._session.alive

    def run(self, request: RunRequest, cancel: threading.Event, on_output: OnOutput) -> TracedRun:
        self._cells += request.cells
        for cell in request.cells:
            _remember(cell)
        texts = [CellText(cell.number, cell.name, cell.text, cell.first_row - 1) for cell in request.cells]
        limits = Limits(request.timeout, request.memory)

        def printed(stream: str, text: str) -> None:
            on_output(stream, self._with_names_of_files(text))

        run = self._session.run(texts, limits, cancel=cancel, arguments=request.arguments, on_output=printed)
        asked = TraceRequest(Path(request.file).name)
        told = _told(run.result, asked, request, run.ran, self._latest)
        return dataclasses.replace(
            told,
            summary=_headline(run, request, told.summary),
            report=self._with_names_of_files(told.report),
            over=run.over,
        )

    def _latest(self, place: Place) -> Place:
        """The same line in the last run of its text."""
        ran = next((cell for cell in self._cells if cell.name == place.file), None)
        if ran is None:
            return place
        same = (
            cell for cell in reversed(self._cells) if (cell.document, cell.text) == (ran.document, ran.text)
        )
        last = next(same)
        shift = last.first_row - ran.first_row
        return place._replace(file=last.name, row=place.row + shift, end_row=place.end_row + shift)

    def _with_names_of_files(self, report: str) -> str:
        """``model.py:7`` can be clicked in many places, ``model.py#2.5:7`` in none."""
        for cell in reversed(self._cells):
            file = cell.name.rpartition("#")[0]
            own = file if cell.document == file else f"{file}, cell {cell.number}"
            report = report.replace(cell.name, own)
        return report

    def close(self) -> None:
        self._session.close()
        for cell in self._cells:
            linecache.cache.pop(cell.name, None)


def _asked(request: RunRequest) -> TraceRequest | str:
    """What ``gradsafe.trace`` is asked for; in words, where it cannot do that."""
    if request.kind is Kind.TEST and not _is_saved(request):
        return "Save the file first: pytest runs what is on the disk."
    return TraceRequest(
        file=request.file,
        python=request.interpreter,
        timeout=request.timeout,
        memory=request.memory,
        arguments=request.arguments,
        text=None if request.kind is Kind.TEST else _text(request),
        folder=_folder(request),
        pytest=request.target if request.kind is Kind.TEST else None,
        dry_run=request.kind is Kind.DRY_RUN,
    )


def _told(
    result: TraceResult,
    asked: TraceRequest,
    request: RunRequest,
    ran: tuple[int, ...],
    latest: Callable[[Place], Place] = lambda place: place,
) -> TracedRun:
    cells = request.cells
    predicted = request.predicted
    comparison = compare(result, asked, predicted, latest) if predicted is not None else None
    notes = [note for cell in cells for note in cell.notes]
    report = render_text(result, asked, comparison=comparison)
    return TracedRun(
        outcome=result.outcome,
        summary=_outcome(result, cells) + _verdict(comparison),
        report="".join(f"{note}\n" for note in notes) + report,
        findings=tuple(entries(result)),
        marks=version_marks(result.events, {cell.name for cell in cells}),
        ran=ran,
        page=lambda: to_html(result, asked, comparison),
    )


def _outcome(result: TraceResult, cells: Sequence[RunCell]) -> str:
    """Short enough for a toast: torch's message is in the report, and at the finding."""
    error = result.exception
    if error is None:
        return summary(result)
    row = "" if error.row is None else f" at {_line(error.file, error.row, cells)}"
    count = len(result.findings)
    found = "no finding" if not count else "1 finding" if count == 1 else f"{count} findings"
    return f"raised {error.type}{row}, {found}"


def _verdict(comparison: Comparison | None) -> str:
    """What the run says of the prediction, where there is something to say."""
    if comparison is None:
        return ""
    new = comparison.found.count(Verdict.NEW)
    refuted = sum(verdict == Verdict.REFUTED for _, verdict in comparison.refused)
    words = ["as predicted"] if comparison.found and not new else []
    words += [f"{new} not predicted"] if new else []
    words += [f"{refuted} predicted in vain"] if refuted else []
    return f" ({', '.join(words)})" if words else ""


def _headline(run: SessionRun, request: RunRequest, outcome: str) -> str:
    """What ended the session is more than how the code ended."""
    if run.over is None or run.result.outcome == "failed":
        return outcome
    crash = run.crash
    where = "" if crash is None else f", at {_line(crash.file, crash.row, request.cells)}"
    return f"{run.over}{where}. The next run begins with a fresh session"


def _line(file: str | None, row: int, cells: Sequence[RunCell]) -> str:
    cell = next((cell for cell in cells if cell.name == file), None)
    own = cell is None or "#" not in cell.name or cell.document == cell.name.rpartition("#")[0]
    return f"line {row}" if cell is None or own else f"line {row} of cell {cell.number}"


def _remember(cell: RunCell) -> None:
    """Reports show the lines of a text that is in no file, whatever becomes of the document."""
    text = "\n" * (cell.first_row - 1) + cell.text
    lines = [line + "\n" for line in text.split("\n")]
    linecache.cache[cell.name] = (len(text), None, lines, cell.name)


def _text(request: RunRequest) -> str:
    """A notebook in the format of its file, which is what the tracer reads where a name ends in ``.ipynb``."""
    if not request.notebook:
        return request.text
    return json.dumps({"cells": [{"cell_type": "code", "source": cell.text} for cell in request.cells]})


def _is_saved(request: RunRequest) -> bool:
    try:
        return Path(request.file).read_text(encoding="utf-8") == request.text.replace("\r\n", "\n")
    except (OSError, UnicodeDecodeError):
        return False


def _folder(request: RunRequest) -> str | None:
    folder = Path(request.file).parent
    return str(folder) if folder.is_absolute() and folder.is_dir() else None
