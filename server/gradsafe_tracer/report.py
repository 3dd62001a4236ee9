"""The story of a run as plain text: who saved, who modified, who failed. For use without gradsafe."""

from __future__ import annotations

import linecache
from typing import Dict, Iterable, Iterator, List

from .events import BackwardStart, Event, Place, Raise, Save, Write, WrongGradient


def text_report(events: Iterable[Event]) -> str:
    """A few lines for each error and each wrong gradient; empty where there is none."""
    log = list(events)
    saves: Dict[int, Save] = {event.save: event for event in log if isinstance(event, Save)}
    lines: List[str] = []
    for event in log:
        if isinstance(event, Raise):
            lines += _raise(event, log, saves)
        elif isinstance(event, WrongGradient):
            lines.append(f"gradsafe: silently wrong gradient ({event.reason})")
            lines += _line("modified", event.place, f"{event.operation} on {event.name or 'a tensor'}")
            if event.save in saves:
                lines += _saved(saves[event.save])
            if event.leaf is not None:
                lines.append(
                    f"  {'gradient':>8} {event.leaf}: computed {event.computed:.6g}, with what was saved protected "
                    f"{event.protected:.6g} (relative difference {event.difference:.2g})"
                )
    return "".join(line + "\n" for line in lines)


def _raise(event: Raise, log: List[Event], saves: Dict[int, Save]) -> Iterator[str]:
    yield f"gradsafe: torch raised ({event.reason})"
    save = saves.get(event.save) if event.save is not None else None
    if save is not None:
        yield from _saved(save)
        for write in log:
            if (
                isinstance(write, Write)
                and write.counter == save.counter
                and write.version_after > save.version
            ):
                versions = f"version {write.version_before} -> {write.version_after}"
                yield from _line(
                    "modified", write.place, f"{write.operation} on {write.name or 'it'}, {versions}"
                )
    backward = [one for one in log if isinstance(one, BackwardStart) and one.backward == event.backward]
    yield from _line("failed", backward[0].place if backward else event.place, event.operation or "")


def _saved(save: Save) -> Iterator[str]:
    what = f"{save.operation} saved its {save.role}" + (f" ({save.name})" if save.name else "")
    return _line("saved", save.place, f"{what} at version {save.version}")


def _line(role: str, place: object, text: str) -> Iterator[str]:
    if isinstance(place, Place):
        source = linecache.getline(place.file, place.row).strip()
        yield f"  {role:>8} {place.file}:{place.row}: {source}   <- {text}"
    else:
        yield f"  {role:>8} (not seen): {text}"
