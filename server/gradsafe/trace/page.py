"""A traced run as a timeline: data for the editor's panel, one self-contained page for ``--html``."""

from __future__ import annotations

from typing import Any

from gradsafe.report.entry import Entry
from gradsafe.trace.render import summary, text_of
from gradsafe.trace.result import TraceRequest, TraceResult
from gradsafe.trace.shape import entries
from gradsafe_tracer.timeline import Finding, Related, page, timeline


def timeline_data(result: TraceResult, request: TraceRequest) -> dict[str, Any]:
    """The run in the shape that :mod:`gradsafe_tracer.timeline` tells."""
    found = [_told(entry) for entry in entries(result)]
    return timeline(
        result.events,
        found,
        title=request.file,
        outcome=summary(result),
        notes=result.notes,
        text_of=lambda file: text_of(file, request),
    )


def to_html(result: TraceResult, request: TraceRequest) -> str:
    """The report of ``gradsafe trace --html``."""
    return page(timeline_data(result, request))


def _told(entry: Entry) -> Finding:
    related = tuple(Related(one.role.value, one.place, one.message) for one in entry.related)
    return Finding(entry.code, entry.severity.value, entry.message, entry.place, related)
