"""The run as judge of the static analysis: what it predicted and what happened."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from gradsafe.report.entry import Entry
from gradsafe.rules.finding import Role, Severity
from gradsafe.trace.result import COMPLETED, TraceRequest, TraceResult
from gradsafe.trace.shape import entries
from gradsafe_tracer.events import BackwardStart, Place
from gradsafe_tracer.timeline import Verdict

_SILENT = "data-bypasses-autograd"
_Spot = tuple[str, str, int]


@dataclass(frozen=True)
class Comparison:
    """``found``: for each finding of the run, whether it was predicted. ``refused``: predictions that were not borne out."""

    found: tuple[str, ...]
    refused: tuple[tuple[Entry, str], ...]

    def listed(self, findings: Sequence[Entry]) -> list[tuple[Entry, str]]:
        """Every finding of the run, then every prediction that was not borne out, with its verdict."""
        return [*zip(findings, self.found, strict=True), *self.refused]

    @property
    def summary(self) -> str:
        """One line."""
        verdicts = [*self.found, *(verdict for _, verdict in self.refused)]
        counts = [f"{verdicts.count(one)} {_WORDS[one]}" for one in _WORDS if one in verdicts]
        return f"static analysis of these files: {', '.join(counts) or 'predicted nothing, and nothing was found'}"


_WORDS = {
    Verdict.CONFIRMED: "confirmed",
    Verdict.NEW: "found that it had not predicted",
    Verdict.REFUTED: "refuted (the line ran and nothing happened)",
    Verdict.NOT_REACHED: "not reached by this run",
}


def compare(
    result: TraceResult,
    request: TraceRequest,
    predicted: Sequence[Entry],
    latest: Callable[[Place], Place] = lambda place: place,
) -> Comparison:
    """Findings agree where they have the same rule and the same line to change.

    ``latest``: that line in the last run of its text, of which a prediction tells; the write may be that of an earlier run.
    """
    shown = entries(result)
    told_of = [replace(entry, place=latest(entry.place)) for entry in shown]
    ran = {_spot(entry) for entry in told_of}
    told = [entry for entry in predicted if entry.severity in (Severity.ERROR, Severity.WARNING)]
    if request.dry_run:
        told = [entry for entry in told if entry.code != _SILENT]  # nobody looked for them
    spots = {_spot(entry) for entry in predicted}
    found = tuple(Verdict.CONFIRMED if _spot(entry) in spots else Verdict.NEW for entry in told_of)
    refused = tuple((entry, _verdict(entry, result)) for entry in told if _spot(entry) not in ran)
    return Comparison(found, refused)


def _spot(entry: Entry) -> _Spot:
    return (entry.code, *_where(entry.place))


def _where(place: Place) -> tuple[str, int]:
    """A file may be named from the folder in one and in full in the other."""
    return os.path.realpath(place.file), place.row


def _verdict(entry: Entry, result: TraceResult) -> str:
    """Refuted only where the run went on to where it should have failed."""
    seen = set(_rows(result))
    if _where(entry.place) not in seen:
        return Verdict.NOT_REACHED
    if any(one.role is Role.FIRST for one in entry.related):
        return Verdict.NOT_REACHED  # it shows once another one is mended
    fails = {_where(one.place) for one in entry.related if one.role is Role.BACKWARD}
    backwards = {
        _where(event.place)
        for event in result.events
        if isinstance(event, BackwardStart) and isinstance(event.place, Place)
    }
    through = result.outcome == COMPLETED and not result.stopped
    return Verdict.REFUTED if through or (fails and fails <= backwards) else Verdict.NOT_REACHED


def files_that_ran(result: TraceResult) -> frozenset[str]:
    """The files whose lines the run told of, links followed."""
    return frozenset(file for file, _ in _rows(result))


def _rows(result: TraceResult) -> Iterator[tuple[str, int]]:
    for event in result.events:
        for place in (event.place, *event.stack, getattr(event, "declared", None)):
            if isinstance(place, Place):
                yield _where(place)
