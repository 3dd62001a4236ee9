"""``--output-format sarif``: SARIF 2.1.0, for code scanning services."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote

from gradsafe.report.about import installed_version
from gradsafe.report.entry import Entry, EntryEdit, EntryFix
from gradsafe.rules.finding import Severity
from gradsafe_tracer.events import Place

LEVELS = {
    Severity.ERROR: "error",
    Severity.WARNING: "warning",
    Severity.INFORMATION: "note",
    Severity.HINT: "note",
}


def render_sarif(entries: Sequence[Entry]) -> str:
    """One log with one run."""
    codes = sorted({entry.code for entry in entries})
    urls = {entry.code: entry.url for entry in entries}
    driver = {
        "name": "gradsafe",
        "version": installed_version(),
        "rules": [{"id": code, "helpUri": urls[code]} for code in codes],
    }
    run = {
        "tool": {"driver": driver},
        "columnKind": "unicodeCodePoints",
        "results": [_result(entry, codes.index(entry.code)) for entry in entries],
    }
    log = {
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [run],
    }
    return json.dumps(log, indent=2, ensure_ascii=False) + "\n"


def _result(entry: Entry, rule: int) -> dict[str, Any]:
    result: dict[str, Any] = {
        "ruleId": entry.code,
        "ruleIndex": rule,
        "level": LEVELS[entry.severity],
        "message": {"text": entry.message},
        "locations": [{"physicalLocation": _physical(entry.place)}],
    }
    if entry.related:
        result["relatedLocations"] = [
            {
                "id": index,
                "physicalLocation": _physical(each.place),
                "message": {"text": f"{each.role.value}: {each.message}"},
            }
            for index, each in enumerate(entry.related, 1)
        ]
    if entry.fixes:
        result["fixes"] = [_fix(fix) for fix in entry.fixes]
    return result


def _physical(place: Place) -> dict[str, Any]:
    return {"artifactLocation": {"uri": _uri(place.file)}, "region": _region(place)}


def _region(place: Place) -> dict[str, int]:
    return {
        "startLine": place.row,
        "startColumn": place.column,
        "endLine": place.end_row,
        "endColumn": place.end_column,
    }


def _uri(file: str) -> str:
    path = Path(file)
    return path.as_uri() if path.is_absolute() else quote(path.as_posix())


def _fix(fix: EntryFix) -> dict[str, Any]:
    files = sorted({edit.place.file for edit in fix.edits})
    changes = [
        {
            "artifactLocation": {"uri": _uri(file)},
            "replacements": [_replacement(edit) for edit in fix.edits if edit.place.file == file],
        }
        for file in files
    ]
    return {"description": {"text": fix.title}, "artifactChanges": changes}


def _replacement(edit: EntryEdit) -> dict[str, Any]:
    return {"deletedRegion": _region(edit.place), "insertedContent": {"text": edit.content}}
