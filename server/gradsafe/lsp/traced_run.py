"""A run by ``gradsafe.trace``, its findings in the texts that the editor knows."""

from __future__ import annotations

import json
import re
import threading
from dataclasses import replace
from pathlib import Path

from gradsafe.lsp.running import RunRequest, TracedRun
from gradsafe.report.entry import Entry
from gradsafe.trace import TraceRequest, TraceResult, entries, render_text, run_trace, summary
from gradsafe_tracer.events import Place

_CELL_FILE = re.compile(r"(?P<file>.*)#(?P<number>\d+)", re.DOTALL)


def run(request: RunRequest, cancel: threading.Event) -> TracedRun:
    """Blocks until the child has ended; ``cancel`` ends it."""
    folder = Path(request.file).parent
    asked = TraceRequest(
        file=request.file,
        python=request.interpreter,
        timeout=request.timeout,
        text=_notebook(request) if request.cells else request.text,
        folder=str(folder) if folder.is_absolute() and folder.is_dir() else None,
    )
    result = run_trace(asked, cancel=cancel)
    report = render_text(result, asked)
    if result.output:
        report += f"\n-- printed --\n{result.output}"
    found = tuple(_in_editor(entry, request) for entry in entries(result))
    return TracedRun(result.outcome, _headline(result), report, found)


def _headline(result: TraceResult) -> str:
    """Short enough for a toast: torch's message is in the report, and at the finding."""
    error = result.exception
    if error is None:
        return summary(result)
    match = _CELL_FILE.fullmatch(error.file or "")
    row = f" at line {error.row}" if error.row is not None else ""
    cell = f" of cell {match['number']}" if match is not None and row else ""
    count = len(result.findings)
    found = "no finding" if not count else "1 finding" if count == 1 else f"{count} findings"
    return f"raised {error.type}{row}{cell}, {found}"


def _notebook(request: RunRequest) -> str:
    """The cells in the format of a notebook's file, which is what the tracer reads where a name ends in ``.ipynb``."""
    if not request.file.endswith(".ipynb"):
        return request.text
    return json.dumps({"cells": [{"cell_type": "code", "source": cell.text} for cell in request.cells]})


def _in_editor(entry: Entry, request: RunRequest) -> Entry:
    related = tuple(replace(each, place=_place(each.place, request)) for each in entry.related)
    return replace(entry, place=_place(entry.place, request), related=related)


def _place(place: Place, request: RunRequest) -> Place:
    """The tracer calls the third cell of ``n.ipynb`` the file ``n.ipynb#3``; here it is some rows of the notebook's text."""
    match = _CELL_FILE.fullmatch(place.file)
    if match is None or not request.cells or match["file"] != request.file:
        return place
    shift = request.cells[int(match["number"]) - 1].first_row - 1
    return place._replace(file=request.file, row=place.row + shift, end_row=place.end_row + shift)
