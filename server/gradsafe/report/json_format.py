"""``--output-format json``: the contract that scripts rely on (``schema/findings.schema.json`` says it formally)."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from gradsafe.report.entry import Entry, EntryFix
from gradsafe_tracer.events import Place

SCHEMA = Path(__file__).parent / "schema"


def render_json(entries: Iterable[Entry]) -> str:
    """One array, rows and columns from 1, columns in code points, ends exclusive."""
    return json.dumps([entry_json(entry) for entry in entries], indent=2, ensure_ascii=False) + "\n"


def entry_json(entry: Entry) -> dict[str, Any]:
    """One finding."""
    return {
        "filename": entry.place.file,
        "code": entry.code,
        "severity": entry.severity.value,
        "message": entry.message,
        "url": entry.url,
        **_range(entry.place),
        "related": [
            {
                "role": each.role.value,
                "filename": each.place.file,
                **_range(each.place),
                "message": each.message,
            }
            for each in entry.related
        ],
        "fixes": [_fix(fix) for fix in entry.fixes],
    }


def _fix(fix: EntryFix) -> dict[str, Any]:
    return {
        "title": fix.title,
        "applicability": "safe" if fix.safe else "unsafe",
        "preferred": fix.preferred,
        "edits": [
            {"filename": edit.place.file, **_range(edit.place), "content": edit.content} for edit in fix.edits
        ],
    }


def _range(place: Place) -> dict[str, dict[str, int]]:
    return {
        "location": {"row": place.row, "column": place.column},
        "end_location": {"row": place.end_row, "column": place.end_column},
    }
