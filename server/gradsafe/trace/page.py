"""A traced run as a timeline: data for the editor's panel, one self-contained page for ``--html``."""

from __future__ import annotations

from typing import Any

from gradsafe.report.entry import Entry
from gradsafe.trace.predicted import Comparison
from gradsafe.trace.render import summary, text_of
from gradsafe.trace.result import TraceRequest, TraceResult
from gradsafe.trace.shape import entries
from gradsafe_tracer.timeline import Finding, Related, page, timeline


def timeline_data(
    result: TraceResult, request: TraceRequest, comparison: Comparison | None = None
) -> dict[str, Any]:
    """The run in the shape that :mod:`gradsafe_tracer.timeline` tells."""
    shown = entries(result)
    verdicts = comparison.found if comparison is not None else (None,) * len(shown)
    found = [_told(entry, verdict) for entry, verdict in zip(shown, verdicts, strict=True)]
    refused = comparison.refused if comparison is not None else ()
    return timeline(
        result.events,
        found,
        title=request.name,
        outcome=summary(result, whole=True),
        refused=[_told(entry, verdict) for entry, verdict in refused],
        notes=result.notes,
        text_of=lambda file: text_of(file, request, result),
    )


def to_html(result: TraceResult, request: TraceRequest, comparison: Comparison | None = None) -> str:
    """The report of ``gradsafe trace --html``."""
    return page(timeline_data(result, request, comparison))


def _told(entry: Entry, verdict: str | None) -> Finding:
    related = tuple(Related(one.role.value, one.place, one.message) for one in entry.related)
    return Finding(entry.code, entry.severity.value, entry.message, entry.place, related, verdict)
