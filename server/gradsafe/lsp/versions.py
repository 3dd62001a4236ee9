"""From writes and saves to what is shown beside the lines that made them: those of a run, or those that are predicted."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

from gradsafe.lsp.running import VersionMark
from gradsafe_tracer.events import AnyPlace, Event, Place, Save, Write

if TYPE_CHECKING:
    from gradsafe.project.interpret import BackwardReads

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


def predicted_marks(
    logs: Iterable[Iterable[Event]],
    resolve: Callable[[AnyPlace], Place | None],
    file: str,
    rows: tuple[int, int],
) -> tuple[VersionMark, ...]:
    """What the paths of a program write and save on some rows of a file; what they do several times is told once."""
    places: dict[AnyPlace, Place | None] = {}
    writes: dict[_Key, dict[tuple[int, int], Write]] = {}
    saves: dict[_Key, dict[int, Save]] = {}
    for log in logs:
        for event in log:
            if not isinstance(event, (Write, Save)):
                continue
            if event.place not in places:
                places[event.place] = resolve(event.place)
            place = places[event.place]
            if place is None or place.file != file or not rows[0] <= place.end_row <= rows[1]:
                continue
            if isinstance(event, Write):
                key = _Key(file, place.end_row, event.name or event.operation)
                versions = (event.version_before, event.version_after)
                writes.setdefault(key, {}).setdefault(versions, replace(event, place=place))
            else:
                key = _Key(file, place.end_row, _saved_name(event))
                saves.setdefault(key, {}).setdefault(event.version, replace(event, place=place))
    marks = [_mark(key.name, list(found.values())) for key, found in writes.items()]
    marks += [_saved_mark(key.name, found) for key, found in saves.items()]
    return tuple(_fewer(sorted(marks, key=lambda mark: mark.place.end_row)))


def _saved_name(save: Save) -> str:
    return save.name or ("the result" if save.role == "result" else save.role)


def _saved_mark(name: str, found: dict[int, Save]) -> VersionMark:
    first = next(iter(found.values()))
    assert isinstance(first.place, Place)
    versions = ", ".join(f"v{version}" for version in sorted(found))
    detail = f"{first.operation} saves {name} for backward: a write to it before that backward breaks it."
    return VersionMark(first.place, f"{name}: saved @{versions}", detail)


def _fewer(marks: Iterable[VersionMark]) -> Iterable[VersionMark]:
    shown: dict[int, int] = {}
    for mark in marks:
        shown[mark.place.end_row] = shown.get(mark.place.end_row, 0) + 1
        if shown[mark.place.end_row] <= MOST:
            yield mark


def backward_texts(reads: Iterable[tuple[int, BackwardReads]]) -> dict[int, str]:
    """By row, what the backward calls there read; of several paths, rounds and calls the range."""
    counted: dict[int, list[BackwardReads]] = {}
    for row, each in reads:
        counted.setdefault(row, []).append(each)
    return {row: _reads_text(found) for row, found in counted.items()}


def _reads_text(found: list[BackwardReads]) -> str:
    low, high = min(each.read for each in found), max(each.read for each in found)
    number = str(high) if low == high else f"{low} to {high}"
    changed = max(each.changed for each in found)
    text = f"reads {number} saved tensor{'' if high == 1 else 's'}"
    return f"{text}, {changed} changed since" if changed else text
