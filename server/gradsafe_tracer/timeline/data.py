"""A run's events as lanes: pure data, bounded in size whatever the run was."""

from __future__ import annotations

import linecache
from collections import Counter
from typing import Any, Callable, Dict, Iterable, List, Optional, Sequence, Set, Tuple

from ..events import (
    Alias,
    BackwardEnd,
    BackwardStart,
    Escape,
    Event,
    Free,
    Place,
    Raise,
    Read,
    Save,
    Write,
    WrongGradient,
)
from ..findings import Finding
from .sources import Files

SCHEMA_VERSION = 1
LANES, MARKS, BACKWARDS, NOTES = 250, 160, 400, 100
"""At most so many lanes, marks of one lane, backward calls and notes."""
_HOT = ("failed", "wrong")

Key = Tuple[str, int]


def timeline(
    events: Iterable[Event],
    findings: Sequence[Finding] = (),
    *,
    title: str = "",
    outcome: str = "",
    refused: Sequence[Finding] = (),
    notes: Sequence[str] = (),
    text_of: Optional[Callable[[str], str]] = None,
) -> Dict[str, Any]:
    """The data of the view for one run. ``text_of`` gives the text of a file as it ran."""
    lanes = _Lanes(list(events))
    files = Files(text_of or (lambda name: "".join(linecache.getlines(name))))
    told = [_finding(finding, files) for finding in findings]
    kept = lanes.most_telling()
    numbers = {key: number for number, key in enumerate(kept)}
    for number, finding in enumerate(findings):
        told[number]["lanes"] = [numbers[key] for key in kept if lanes.shows(key, finding)]
    return {
        "schema_version": SCHEMA_VERSION,
        "title": title,
        "outcome": outcome,
        "findings": told,
        "refused": [_finding(finding, files) for finding in refused],
        "lanes": [
            {
                "id": numbers[key],
                "name": lanes.name(key),
                "findings": [n for n, one in enumerate(told) if numbers[key] in one["lanes"]],
                "marks": [_mark(mark, files) for mark in lanes.thinned(key)],
            }
            for key in kept
        ],
        "backwards": [_mark(one, files) for one in lanes.backwards[:BACKWARDS]],
        "files": files.told(),
        "notes": list(notes[:NOTES]),
        "left_out": {"lanes": len(lanes.marks) - len(kept), "marks": lanes.left_out},
    }


def _finding(finding: Finding, files: Files) -> Dict[str, Any]:
    return {
        "code": finding.code,
        "severity": finding.severity,
        "message": finding.message,
        "place": files.place(finding.place),
        "related": [
            {"role": one.role, "place": files.place(one.place), "message": one.message}
            for one in finding.related
        ],
        "verdict": finding.verdict,
        "lanes": [],
    }


def _mark(mark: Dict[str, Any], files: Files) -> Dict[str, Any]:
    told = {**mark, "place": files.place(mark["place"])}
    if "stack" in mark:
        told["stack"] = [files.place(place) for place in mark["stack"]]
    return told


class _Lanes:
    """The marks of each storage; a storage is known by its counter until an alias says of which it is."""

    def __init__(self, events: List[Event]) -> None:
        self.marks: Dict[Key, List[Dict[str, Any]]] = {}
        self.backwards: List[Dict[str, Any]] = []
        self.left_out = 0
        self._names: Dict[Key, "Counter[str]"] = {}
        self._roles: Dict[Key, str] = {}
        self._storage = {one.counter: one.storage for one in events if isinstance(one, Alias)}
        self._saves: Dict[int, Save] = {}
        self._of_node: Dict[int, List[Save]] = {}
        self._of_tensor: Dict[int, Key] = {}
        self._running: Dict[int, Dict[str, Any]] = {}
        self._last_write: Dict[int, Write] = {}
        for t, event in enumerate(events):
            self._take(t, event)

    def _take(self, t: int, event: Event) -> None:
        if isinstance(event, (Save, Write)):
            key = self._of_tensor[event.tensor] = self._key(event.counter)
            self._named(key, event.name)
            if isinstance(event, Save):
                self._save(t, key, event)
            else:
                self._last_write[event.tensor] = event
                text = f"{event.operation} writes it" + (
                    " (autograd cannot see it)" if _unseen(event) else ""
                )
                self._add(t, key, "modified", event, text, event.version_before, event.version_after)
        elif isinstance(event, Read):
            if event.save in self._saves:
                save = self._saves[event.save]
                text = f"backward reads what {save.operation} saved"
                self._add(t, self._key(save.counter), "read", event, text, save.version, event.found)
        elif isinstance(event, Free):
            for key in {self._key(save.counter) for save in self._of_node.get(event.node, ())}:
                self._add(t, key, "freed", event, "backward frees what was saved")
        elif isinstance(event, Escape):
            key = self._of_tensor.get(event.tensor, ("storage", event.storage))
            self._add(
                t, key, "escaped", event, f"its memory is known outside of torch from here on ({event.how})"
            )
        elif isinstance(event, (Raise, WrongGradient)):
            self._failed(t, event)
        elif isinstance(event, BackwardStart):
            text = f"{event.name}.{event.operation}()" if event.name else event.operation
            band = {"t": t, "end": t, "text": text, "place": event.place, "raised": False}
            self._running[event.backward] = band
            self.backwards.append(band)
        elif isinstance(event, BackwardEnd) and event.backward in self._running:
            self._running[event.backward].update(end=t, raised=event.raised)

    def _save(self, t: int, key: Key, save: Save) -> None:
        self._saves[save.save] = save
        self._of_node.setdefault(save.node, []).append(save)
        self._roles.setdefault(key, f"{save.role} of {save.operation}")
        self._add(
            t, key, "saved", save, f"{save.operation} saves it ({save.role})", save.version, save.version
        )

    def _failed(self, t: int, event: Any) -> None:
        save = self._saves.get(event.save)
        keys: List[Key] = [] if save is None else [self._key(save.counter)]
        if event.tensor is not None:
            keys.append(self._of_tensor.get(event.tensor, ("tensor", event.tensor)))
        silent = isinstance(event, WrongGradient)
        text = "the gradient is wrong, and torch says nothing" if silent else event.message or "torch raises"
        for key in dict.fromkeys(keys):
            self._named(key, event.name)
            self._add(t, key, "wrong" if silent else "failed", event, text.partition(" Hint:")[0])

    def _add(
        self,
        t: int,
        key: Key,
        kind: str,
        event: Event,
        text: str,
        before: Optional[int] = None,
        after: Optional[int] = None,
    ) -> None:
        place = event.place if isinstance(event.place, Place) else None
        stack = [one for one in event.stack if isinstance(one, Place)]
        mark = {
            "t": t,
            "kind": kind,
            "text": text,
            "before": before,
            "after": after,
            "place": place,
            "stack": stack,
        }
        marks = self.marks.setdefault(key, [])
        # A loop over one graph reads and frees many saves of one storage at once: one mark tells it.
        last = marks[-1] if marks else None
        if kind not in ("read", "freed") or last is None or {**last, "t": t} != mark:
            marks.append(mark)

    def _key(self, counter: int) -> Key:
        storage = self._storage.get(counter)
        return ("counter", counter) if storage is None else ("storage", storage)

    def _named(self, key: Key, name: Optional[str]) -> None:
        if name:
            self._names.setdefault(key, Counter())[name] += 1

    def name(self, key: Key) -> str:
        """What the program calls it most often; else what it is."""
        names = self._names.get(key)
        if names:
            return min(names, key=lambda name: (-names[name], len(name)))
        return self._roles.get(key, "a tensor")

    def most_telling(self) -> List[Key]:
        """The lanes that there is room for: failures first, then what was both saved and written."""

        def rank(key: Key) -> Tuple[int, int]:
            kinds = {mark["kind"] for mark in self.marks[key]}
            hot = bool(kinds & set(_HOT))
            return (0 if hot else 1 if {"saved", "modified"} <= kinds else 2, self.marks[key][0]["t"])

        return sorted(self.marks, key=rank)[:LANES]

    def shows(self, key: Key, finding: Finding) -> bool:
        """Is this finding about this storage?"""
        marks = self.marks[key]
        if not any(mark["kind"] in _HOT for mark in marks):
            return False
        places = {finding.place, *(one.place for one in finding.related if one.role != "call")}
        rows = {(place.file, place.row) for place in places if place is not None}
        own = (finding.place.file, finding.place.row) if finding.place is not None else None
        there: Set[Any] = {
            (mark["place"].file, mark["place"].row) for mark in marks if mark["place"] is not None
        }
        return own in there or len(rows & there) > 1

    def thinned(self, key: Key) -> List[Dict[str, Any]]:
        """The marks of a lane, at most ``MARKS``: every failure, the first ones, and the last ones."""
        marks = self.marks[key]
        if len(marks) <= MARKS:
            return marks
        hot = {number for number, mark in enumerate(marks) if mark["kind"] in _HOT}
        near = {number + step for number in sorted(hot)[:4] for step in range(-8, 1)}
        room = max(0, MARKS - len(hot | near)) // 2
        chosen = hot | near | set(range(room)) | set(range(len(marks) - room, len(marks)))
        kept = [mark for number, mark in enumerate(marks) if number in chosen][-2 * MARKS :]
        self.left_out += len(marks) - len(kept)
        return kept


def _unseen(write: Write) -> bool:
    return write.how in ("data", "numpy") or write.version_before == write.version_after
