"""``--output-format concise``: one line for each finding, as grep and editors like it."""

from __future__ import annotations

from collections.abc import Iterable

from gradsafe.report.entry import Entry
from gradsafe.report.plain import plain


def render_concise(entries: Iterable[Entry]) -> str:
    """``file:row:column: severity[code] message``, with ``[*]`` where a safe fix is known to hold."""
    return "".join(_line(entry) + "\n" for entry in entries)


def _line(entry: Entry) -> str:
    place, mark = entry.place, " [*]" if any(fix.preferred for fix in entry.fixes) else ""
    message = plain(" ".join(entry.message.split()))
    where = f"{plain(place.file)}:{place.row}:{place.column}"
    return f"{where}: {entry.severity.value}[{entry.code}]{mark} {message}"
