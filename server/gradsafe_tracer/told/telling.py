"""The report of ``python -m gradsafe_tracer`` for a person: text on standard error, a page where one is asked for."""

from __future__ import annotations

import sys
from typing import Any, Dict, List, Optional

from ..care import harmless
from ..events import Event
from ..timeline import lost, page, timeline, write_page
from .report import findings_of, text_of

_STATUS = {"raised": 1, "timeout": 3, "cancelled": 130, "memory": 1}


def tell(title: str, result: Dict[str, Any], events: List[Event], html: Optional[str]) -> int:
    """Says how the run ended and what was found; returns the exit status."""
    findings = findings_of(events)
    outcome = _outcome(result, len(findings))
    missed = (text.strip().splitlines()[-1] for text in harmless.troubles)
    notes = [
        *result.get("notes", ()),
        *(f"the tracer missed something: {one}" for one in missed),
    ]
    lines = [f"gradsafe: {outcome}", *(f"gradsafe: {note}" for note in notes)]
    sys.stderr.write("".join(line + "\n" for line in lines) + "".join(map(text_of, findings)))
    status = _STATUS.get(str(result.get("outcome")), 1 if findings else 0)
    if html is not None:
        text = page(timeline(events, findings, title=title, outcome=outcome, notes=notes))
        try:
            write_page(html, text)
        except OSError as error:
            print(f"gradsafe_tracer: {lost(html, error)}.", file=sys.stderr)
            return 2
    return status


def _outcome(result: Dict[str, Any], count: int) -> str:
    found = "no finding" if not count else "1 finding" if count == 1 else f"{count} findings"
    error = result.get("exception")
    if error:
        row = f" at line {error['row']}" if error.get("row") else ""
        return f"raised {error['type']}{row}, {found}"
    return f"{result.get('outcome', 'ended')}, {found}"
