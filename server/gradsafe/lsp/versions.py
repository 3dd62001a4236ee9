"""From the writes of a run to what is shown beside the lines that made them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from gradsafe.lsp.running import VersionMark
from gradsafe_tracer.events import Event, Place, Write

MOST = 3
"""How many tensors one line shows; a fused optimizer step writes hundreds."""


class _Key(NamedTuple):
    file: str
    row: int
    name: str


def version_marks(events: Iterable[Event], files: set[str]) -> tuple[VersionMark, ...]:
    """One mark for each line and name. ``files``: the texts that have run just now."""
    writes: dict[_Key, list[Write]] = {}
    for event in events:
        if isinstance(event, Write) and isinstance(event.place, Place) and event.place.file in files:
            key = _Key(event.place.file, event.place.end_row, event.name or event.operation)
            writes.setdefault(key, []).append(event)
    shown: dict[tuple[str, int], int] = {}
    marks = []
    for key, found in writes.items():
        line = (key.file, key.row)
        shown[line] = shown.get(line, 0) + 1
        if shown[line] <= MOST:
            marks.append(_mark(key.name, found))
    return tuple(marks)


def _mark(name: str, writes: list[Write]) -> VersionMark:
    first, place = writes[0], writes[0].place
    assert isinstance(place, Place)
    spans = {(write.version_before, write.version_after) for write in writes}
    times = "" if len(writes) == 1 else f", {len(writes)} times"
    unseen = all(before == after for before, after in spans)
    if unseen:
        detail = f"{first.operation} wrote {name} without moving its version counter{times}: autograd cannot see it."
        return VersionMark(place, f"{name}: v{first.version_before} (unseen write)", detail)
    if len(spans) == 1:
        text = f"{name}: v{first.version_before} -> v{first.version_after}"
    else:
        low, high = min(before for before, _ in spans), max(after for _, after in spans)
        text = f"{name}: v{low} -> v{high}"
    detail = f"{first.operation} moved the version counter of {name}{times}. What was saved before is now out of date."
    return VersionMark(place, text, detail)
