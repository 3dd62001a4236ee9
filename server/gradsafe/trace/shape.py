"""``gradsafe trace --output-format json`` and the exit status: the contract that scripts rely on."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from gradsafe.report.entry import Entry, to_entry
from gradsafe.report.json_format import entry_json
from gradsafe.trace.result import CANCELLED, FAILED, RAISED, TIMEOUT, TraceResult
from gradsafe_tracer.events import AnyPlace, Event, Place, Save, Write

_KINDS = {"write": "modify"}


def to_json(result: TraceResult, predictions: Sequence[tuple[Entry, str]] | None = None) -> str:
    """One object; ``outcome`` is never ``failed`` here: that is a message and exit status 2.

    ``predictions``: each finding and each prediction of the static analysis, with what the run says of it.
    """
    found = result.exception
    shape: dict[str, Any] = {
        "outcome": result.outcome,
        "exception": {"type": found.type, "message": found.message, "row": found.row} if found else None,
        "findings": [entry_json(entry) for entry in entries(result)],
        "events": [_event(event) for event in result.events],
    }
    if predictions is not None:
        shape["predictions"] = [_prediction(entry, verdict) for entry, verdict in predictions]
    return json.dumps(shape, indent=2, ensure_ascii=False) + "\n"


def _prediction(entry: Entry, verdict: str) -> dict[str, Any]:
    return {
        "verdict": verdict,
        "code": entry.code,
        "severity": entry.severity.value,
        "filename": entry.place.file,
        "row": entry.place.row,
    }


def exit_code(result: TraceResult) -> int:
    """0 no findings, 1 findings or the program raised, 2 nothing could be run, 3 timeout, 130 cancelled."""
    by_outcome = {CANCELLED: 130, TIMEOUT: 3, FAILED: 2, RAISED: 1}
    return by_outcome.get(result.outcome, 1 if result.findings else 0)


def entries(result: TraceResult) -> list[Entry]:
    """The findings as reports and the editor show them."""
    found = (to_entry(finding, (), _place) for finding in result.findings)
    return [entry for entry in found if entry is not None]


def _place(place: AnyPlace) -> Place | None:
    return place if isinstance(place, Place) else None


def _event(event: Event) -> dict[str, Any]:
    before = after = None
    if isinstance(event, Save):
        before = after = event.version
    elif isinstance(event, Write):
        before, after = event.version_before, event.version_after
    return {
        "kind": _KINDS.get(event.kind, event.kind),
        "row": event.place.row if isinstance(event.place, Place) else None,
        "name": getattr(event, "name", None),
        "operation": getattr(event, "operation", None),
        "version_before": before,
        "version_after": after,
    }
