"""A traced run for a person: how it ended, and each finding with its lines."""

from __future__ import annotations

import linecache
from io import StringIO

from rich.console import Console
from rich.text import Text

from gradsafe.report.full import print_full
from gradsafe.report.plain import plain
from gradsafe.trace.predicted import Comparison
from gradsafe.trace.result import CANCELLED, COMPLETED, FAILED, RAISED, TIMEOUT, TraceRequest, TraceResult
from gradsafe.trace.shape import entries

SHOWN = 140
_STYLES = {COMPLETED: "bold green", RAISED: "bold red", TIMEOUT: "bold yellow", CANCELLED: "bold yellow"}


def summary(result: TraceResult, whole: bool = False) -> str:
    """One line: how the program ended and what was found; with the ``whole`` of torch's message where there is room."""
    count = len(result.findings)
    found = "no finding" if not count else "1 finding" if count == 1 else f"{count} findings"
    error = result.exception
    if result.outcome == FAILED:
        return result.problem.message if result.problem is not None else "nothing was run"
    if error is not None:
        row = f" at line {error.row}" if error.row is not None else ""
        first = plain(error.message.partition(" Hint: ")[0].partition("\n")[0])
        return f"raised {error.type}{row}, {found}: {first if whole else _shortened(first)}"
    return f"{result.outcome}, {found}"


def _shortened(message: str) -> str:
    return message if len(message) <= SHOWN else message[: SHOWN - 3] + "..."


def render_text(
    result: TraceResult,
    request: TraceRequest | None = None,
    *,
    console: Console | None = None,
    comparison: Comparison | None = None,
) -> str:
    """Who saved, who modified, who failed, by line with source. Printed to ``console``, or returned as text."""
    kept = StringIO()
    out = console or Console(file=kept, width=110, force_terminal=False)
    out.print(
        Text(summary(result), style=_STYLES.get(result.outcome, "bold red")), soft_wrap=True, highlight=False
    )
    if result.problem is not None:
        if result.outcome != FAILED:
            out.print(plain(result.problem.message), soft_wrap=True, highlight=False, markup=False)
        out.print(plain(result.problem.remedy), soft_wrap=True, highlight=False, markup=False)
    for note in result.notes:
        out.print(plain(note), soft_wrap=True, highlight=False, markup=False)
    shown = entries(result)
    if shown:
        out.print()
    files = {entry.place.file for entry in shown}
    files |= {related.place.file for entry in shown for related in entry.related}
    print_full(shown, {file: text_of(file, request, result) for file in files}, out)
    if comparison is not None:
        _print_comparison(comparison, out)
    return kept.getvalue()


def _print_comparison(comparison: Comparison, out: Console) -> None:
    out.print(plain(comparison.summary), soft_wrap=True, highlight=False, markup=False)
    for entry, verdict in comparison.refused:
        where = f"{entry.place.file}:{entry.place.row}"
        text = f"  {verdict}: {where} {entry.severity.value}[{entry.code}]"
        out.print(plain(text), soft_wrap=True, highlight=False, markup=False)


def text_of(file: str, request: TraceRequest | None, result: TraceResult | None = None) -> str:
    """The text of a file as it ran."""
    kept = dict(result.texts) if result is not None else {}
    if file in kept:
        return kept[file]
    if request is not None and request.text is not None and file == request.file:
        return request.text
    linecache.checkcache(file)
    return "".join(linecache.getlines(file))
