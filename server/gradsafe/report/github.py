"""``--output-format github``: workflow commands that GitHub shows as annotations of a pull request."""

from __future__ import annotations

from collections.abc import Iterable

from gradsafe.report.entry import Entry
from gradsafe.rules.finding import Severity

LEVELS = {
    Severity.ERROR: "error",
    Severity.WARNING: "warning",
    Severity.INFORMATION: "notice",
    Severity.HINT: "notice",
}


def render_github(entries: Iterable[Entry]) -> str:
    """One command for each finding."""
    return "".join(_command(entry) + "\n" for entry in entries)


def _command(entry: Entry) -> str:
    place = entry.place
    properties = {
        "title": f"gradsafe ({entry.code})",
        "file": place.file,
        "line": place.row,
        "col": place.column,
        "endLine": place.end_row,
        "endColumn": place.end_column,
    }
    listed = ",".join(f"{name}={_property(str(value))}" for name, value in properties.items())
    story = [f"{each.place.file}:{each.place.row}: {each.message}" for each in entry.related]
    return f"::{LEVELS[entry.severity]} {listed}::{_data(chr(10).join([entry.message, *story]))}"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
